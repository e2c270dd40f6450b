"""Tell a worker that something came free; beat finds it anyway."""

from celery import current_app

from justdriving.kernel.bell import Bell

TASK = "bookings.tasks.fill_vacancies"

nudge = Bell(current_app, TASK).ring
