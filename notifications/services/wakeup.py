"""Tell the workers that there is something to send; beat finds it anyway."""

from celery import current_app

from justdriving.kernel.bell import Bell

TASK = "notifications.tasks.deliver_due_messages"

nudge = Bell(current_app, TASK).ring
