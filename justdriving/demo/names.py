"""Invented people, streets and cars."""

from random import Random

FIRST = """
    Freja Malik Ida Noah Emma Oscar Clara Elias Alma Victor Sofia William Laura Lucas Agnes Carl
    Ella Emil Karla August Nora Aksel Liv Magnus Astrid Anton Maja Felix Josefine Valdemar
    Mathilde Albert Signe Storm Amira Yusuf Fatima Jonas Selma Theo Ane Bjørn Zara Mikkel Viola
    Rasmus Johan Luna Frederik Hannah Mads Isabella Tobias Rosa Nikolaj Vilma Sebastian Ellen
"""
LAST = """
    Berg Dam Juul Vang Sørensen Lund Kjær Holst Bruun Toft Ravn Skov Friis Bach Krog Winther Munk
    Schou Bjerre Thorup Ågård Nygaard Hald Gram Lassen Kvist Højer Beck Falk Rosendahl Yilmaz Khan
"""
STREETS = (
    "Nørrebrogade",
    "Jagtvej",
    "Tagensvej",
    "Rantzausgade",
    "Griffenfeldsgade",
    "Lundtoftegade",
    "Borups Allé",
    "Falkoner Allé",
    "Åboulevarden",
    "Nordre Fasanvej",
    "Godthåbsvej",
    "Hillerødgade",
)
TEACHERS = (
    ("Mette Holm", "mette"),
    ("Søren Bæk", "soeren"),
    ("Lone Krogh", "lone"),
    ("Tor Østby", "tor"),
    ("Anne Vestergaard", "anne"),
    ("Hassan Demir", "hassan"),
    ("Birgit Lauritsen", "birgit"),
    ("Jens Mølgaard", "jens"),
)
VEHICLES = (
    ("VW ID.3", "EL 41 207", "automatic"),
    ("VW Polo", "CK 28 514", "manual"),
    ("Peugeot 208", "DA 77 130", "manual"),
    ("VW Golf", "BZ 90 442", "manual"),
    ("Toyota Yaris", "DD 12 686", "automatic"),
    ("Kia Ceed", "CR 55 091", "manual"),
    ("Skoda Fabia", "DB 34 872", "manual"),
    ("Cupra Born", "EP 60 315", "automatic"),
    ("Ford Fiesta", "BY 18 223", "manual"),
)


class People:
    """Distinct full names, always the same ones in the same order."""

    def __init__(self, random: Random) -> None:
        self.pairs = [(first, last) for first in FIRST.split() for last in LAST.split()]
        random.shuffle(self.pairs)

    def next(self) -> str:
        first, last = self.pairs.pop()
        return f"{first} {last}"


def address(random: Random) -> str:
    return f"{random.choice(STREETS)} {random.randrange(1, 190)}"
