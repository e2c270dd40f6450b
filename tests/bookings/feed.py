"""The calendar's feed as its page reads it: everything of a lesson in one place."""

from collections import defaultdict


def put_together(feed) -> list[dict]:
    """The lessons of ``{lessons, who, taken, things}``, in their order."""
    who, taken, things = (_gathered(feed[name]) for name in ("who", "taken", "things"))
    names, columns = feed["lessons"].keys(), feed["lessons"].values()
    lessons = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    return [
        lesson
        | {
            "who": who[lesson["id"]],
            "taken": sum(taken[lesson["id"]]),
            "things": sorted(things[lesson["id"]]),
        }
        for lesson in lessons
    ]


def _gathered(columns):
    lists = defaultdict(list)
    for booking_id, value in zip(columns["lesson"], columns["value"], strict=True):
        lists[booking_id].append(value)
    return lists
