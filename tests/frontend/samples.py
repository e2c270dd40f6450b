"""One believable use of every component: what the stage shows and the tests render."""

import datetime as dt
from typing import Any

from django import forms
from django.core.paginator import Paginator

from justdriving.kernel.money import Money

SOON = dt.datetime(2126, 5, 4, 10, 0, tzinfo=dt.UTC)


class EveryField(forms.Form):
    """Each kind of widget that the components dress."""

    name = forms.CharField(label="Navn", help_text="Som på sundhedskortet")
    email = forms.EmailField(label="E-mail")
    password = forms.CharField(label="Adgangskode", widget=forms.PasswordInput)
    born_on = forms.DateField(label="Født", widget=forms.DateInput(attrs={"type": "date"}))
    category = forms.ChoiceField(
        label="Kategori", choices=[("B", "Personbil"), ("A", "Motorcykel")]
    )
    department = forms.ChoiceField(
        label="Afdeling", choices=[("1", "Nørrebro"), ("2", "Valby")], widget=forms.RadioSelect
    )
    days = forms.MultipleChoiceField(
        label="Dage",
        choices=[("mo", "Mandag"), ("tu", "Tirsdag")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    document = forms.FileField(label="Dokument", required=False)
    terms = forms.BooleanField(label="Jeg har læst vilkårene")
    step = forms.CharField(widget=forms.HiddenInput, initial="2")


def refused() -> EveryField:
    """The form as it comes back when the person has filled in almost nothing."""
    form = EveryField({"email": "aase", "step": "2"}, prefix="refused")
    form.is_valid()
    return form


DAYS = [
    {
        "url": f"?day={number}",
        "weekday": weekday,
        "number": number,
        "is_current": number == 5,
        "is_free": number not in {6, 9, 10},
        "long": f"{weekday} {number}. maj",
    }
    for number, weekday in enumerate(("ma", "ti", "on", "to", "fr", "lø", "sø"), start=4)
]
TABS = [
    {"label": "Forløb", "url": "#", "is_current": True},
    {"label": "Lektioner", "url": "#", "count": 4},
    {"label": "Dokumenter", "url": "#", "count": 0, "icon": "paperclip"},
]
ROWS = [
    [
        {"text": "2026-0417", "url": "#", "lead": True},
        {"label": "Elev", "text": "Åse Lind"},
        {"label": "Status", "text": "Betalt", "pill": "ok"},
        {"label": "Beløb", "text": "1.250,00 kr.", "end": True},
    ],
    [
        {"text": "2026-0418", "url": "#", "lead": True},
        {"label": "Elev", "text": "Noah Berg"},
        {"label": "Status", "text": "Forfalden", "pill": "bad"},
        {"label": "Beløb", "text": "800,00 kr.", "end": True},
    ],
]
COLUMNS = [
    {"label": "Faktura"},
    {"label": "Elev"},
    {"label": "Status"},
    {"label": "Beløb", "end": True},
]
SELECTS = [
    {
        "name": "status",
        "label": "Status",
        "value": "active",
        "options": [("", "Alle"), ("active", "Aktive")],
    }
]
CONFIRM = {
    "opener": "Aflys",
    "opener_icon": "calendar-x",
    "action": "/stage/",
    "title": "Aflys lektionen?",
    "text": "Tiden bliver ledig for andre med det samme.",
    "cost": "Du skal betale 50 % = 275,00 kr.",
    "submit": "Aflys og betal 275,00 kr.",
    "request_key": "7d0c",
}

# Component -> the values of each way it is used; callables are asked anew each time.
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "page_header": [
        {"title": "Lektioner"},
        {
            "title": "God morgen, Åse",
            "eyebrow": "tirsdag 5. maj",
            "lead": "Tre lektioner i dag",
            "back_url": "#",
            "back_text": "Elever",
            "action_url": "#",
            "action_text": "Book en lektion",
            "action_icon": "calendar-plus",
            "actions": "components/money.html",
            "amount": Money(55000, "DKK"),
        },
    ],
    "steps": [{"steps": ["Elev", "Tid", "Bekræft"], "current": 2}],
    "tabs": [{"tabs": TABS, "label": "Åse Lind"}],
    "card": [
        {"title": "Næste lektion", "text": "i dag 15.30–17.00", "tone": "hero"},
        {
            "title": "Penge",
            "eyebrow": "I alt",
            "body": "components/money.html",
            "amount": Money(55000, "DKK"),
            "link_url": "#",
            "link_text": "Alle fakturaer",
            "id": "money",
        },
        {"text": "Kun tekst", "tone": "warn"},
    ],
    "status_pill": [
        {"text": tone, "tone": tone} for tone in ("ok", "warn", "bad", "info", "accent", "neutral")
    ]
    + [
        {"text": "Uden tone"},
        {"text": "Kategori B", "icon": "none"},
        {"text": "Med link", "tone": "ok", "url": "#", "icon": "star"},
    ],
    "row_link": [
        {
            "title": "Underskriv 2 lektioner",
            "subtitle": "7.11–7.12",
            "icon": "pen",
            "tone": "info",
            "url": "#",
        },
        {
            "title": "Noah Berg",
            "avatar": "Noah Berg",
            "end": "800,00 kr.",
            "pill_text": "Skylder",
            "pill_tone": "bad",
        },
    ],
    "avatar": [{"person": "Åse Marie Lind"}, {"person": "aase@nordlys.example", "size": "lg"}],
    "icon": [{"name": "calendar-plus"}, {"name": "mark", "size": "lg"}],
    "money": [{"amount": Money(55000, "DKK")}],
    "road": [
        {
            "steps": ["done"] * 11 + ["now"] + ["todo"] * 12,
            "text": "11 af 24 køretimer",
            "label": "Køretimer",
        },
        {"steps": ["done", "todo"], "text": "1 af 2", "hide_text": True},
    ],
    "stat_tile": [
        {
            "label": "Forfaldne",
            "value": "12.400,00 kr.",
            "note": "7 fakturaer",
            "icon": "receipt",
            "tone": "bad",
            "url": "#",
        },
        {"label": "Belægning", "value": "78 %"},
    ],
    "filter_bar": [
        {
            "action": "/stage/",
            "search": "Åse",
            "selects": SELECTS,
            "clear_url": "/stage/",
            "target": "list",
        },
    ],
    "table": [{"columns": COLUMNS, "rows": ROWS, "caption": "Fakturaer"}],
    "pagination": [{"page": Paginator(range(120), 25).page(2), "query": "q=x&"}],
    "note": [
        {
            "text": "Førstehjælp udløber om 5 uger.",
            "tone": tone,
            "title": "Husk",
            "url": "#",
            "url_text": "Læg et bevis ind",
        }
        for tone in ("info", "ok", "warn", "bad", "neutral")
    ],
    "day_strip": [{"days": DAYS, "label": "Uge 19", "previous_url": "#", "next_url": "#"}],
    "slot_button": [
        {"title": "08.00–09.30", "subtitle": "Mette Holm", "url": "#"},
        {"title": "10.00–11.30", "subtitle": "Mette Holm", "url": "#", "selected": True},
        {"title": "12.00–13.30", "name": "slot", "value": "3", "form_id": "book", "selected": True},
        {"title": "15.30–17.00", "why_not": "Optaget – holdes 4 min. endnu"},
    ],
    "countdown": [{"until": SOON, "text": "Holdes i", "over": "Tiden er gået"}],
    "progress": [
        {"label": "Sender beskeder", "value": 40, "max": 120, "text": "40 af 120", "id": "sending"},
        {"label": "Henter", "id": "loading"},
    ],
    "timeline_item": [
        {
            "title": "Gennemført",
            "meta": "man. 4. maj 11.30",
            "icon": "check2",
            "tone": "ok",
            "note": "Fin rundkørsel.",
            "url": "#",
        },
        {"title": "Booket"},
    ],
    "empty_state": [
        {
            "title": "Ingen lektioner endnu",
            "icon": "calendar-plus",
            "text": "Book din første.",
            "action_url": "#",
            "action_text": "Book",
        },
    ],
    "signature_pad": [
        {
            "name": "signature",
            "label": "Din underskrift",
            "typed_name": "signed_name",
            "help": "Elevens egen",
            "error": "Skriv under først.",
        },
    ],
    "toast": [
        {"text": "Gemt.", "tone": tone, "undo_url": "/stage/" if tone == "ok" else ""}
        for tone in ("ok", "info", "warn", "bad")
    ],
    "confirm": [CONFIRM],
    "form": [
        {
            "form": EveryField(),
            "action": "/stage/",
            "submit": "Gem",
            "cancel_url": "#",
            "request_key": "8f1e",
        },
        {
            "form": refused(),
            "grid": True,
            "submit": "Slet",
            "submit_tone": "danger",
            "submit_icon": "trash",
        },
    ],
    "fields": [{"form": EveryField(prefix="bare")}],
    "field": [{"field": EveryField(prefix="one")["name"], "full": True, "no_mark": True}],
    "error_summary": [{"form": refused()}],
    "language_switch": [{}],
    "theme_switch": [{}],
    "toasts": [{}, {"oob": True}],
}
WRAPPERS = {  # where a component's neighbours matter
    "timeline_item": '<ol class="timeline">{}</ol>',
    "slot_button": '<form id="book" class="slots">{}</form>',
    "stat_tile": '<div class="tiles">{}</div>',
    "status_pill": '<p class="pills">{}</p>',
}
