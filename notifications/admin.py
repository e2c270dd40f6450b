"""The outbox for platform administrators: to read, never to edit."""

from django.contrib import admin

from administration.admin import ReadOnlyAdmin, RecordAdmin
from notifications.models import DemoMessage, Message, MessageAttempt


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["channel", "event", "to_name", "status", "due_at", "attempts"]
    list_filter = ["school", "channel", "status", "event"]


@admin.register(MessageAttempt)
class MessageAttemptAdmin(ReadOnlyAdmin):
    list_display = ["number", "outcome", "happened_at"]
    list_filter = ["school", "outcome"]


@admin.register(DemoMessage)
class DemoMessageAdmin(RecordAdmin):
    fields = ["channel", "sender", "to_name", "address", "subject", "text", "sent_at"]
    list_display = ["channel", "to_name", "subject", "sent_at"]
    list_filter = ["channel"]
