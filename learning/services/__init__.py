"""The use cases of learning. Each is one transaction; views and receivers call one each."""

from learning.services.completion import complete_lesson, write_up
from learning.services.plans import assign_plan, install_plan
from learning.services.records import Taught, open_record, record_teaching
from learning.services.signing import sign_as_student, sign_as_teacher

__all__ = [
    "Taught",
    "assign_plan",
    "complete_lesson",
    "install_plan",
    "open_record",
    "record_teaching",
    "sign_as_student",
    "sign_as_teacher",
    "write_up",
]
