"""The addresses of sessions, weekly plans and classes."""

from django.urls import path

from bookings.views import attaching, classes, series, sessions, weekly

urlpatterns = [
    path("sessions/", sessions.session_week, name="sessions"),
    path("sessions/without-a-place/", sessions.session_work, name="session_work"),
    path("sessions/weekly/", weekly.weekly, name="weekly"),
    path("sessions/weekly/new/", weekly.weekly_new, name="weekly_new"),
    path("sessions/weekly/<int:template_id>/", weekly.weekly_plan, name="weekly_plan"),
    path("sessions/weekly/<int:template_id>/edit/", weekly.weekly_edit, name="weekly_edit"),
    path("sessions/weekly/<int:template_id>/end/", weekly.weekly_end, name="weekly_end"),
    path("sessions/weekly/<int:template_id>/class/", attaching.weekly_class, name="weekly_class"),
    path("sessions/class/", attaching.sessions_class, name="sessions_class"),
    path("sessions/<int:booking_id>/", sessions.session, name="session"),
    path("sessions/<int:booking_id>/roster/", sessions.session_roster, name="session_roster"),
    path("sessions/<int:booking_id>/change/", series.session_change, name="session_change"),
    path("sessions/<int:booking_id>/class/", series.session_class, name="session_class"),
    path("sessions/<int:booking_id>/assign/", sessions.session_assign, name="session_assign"),
    path("sessions/<int:booking_id>/seat/", sessions.session_seat, name="session_seat"),
    path("sessions/<int:booking_id>/join/", sessions.session_join, name="session_join"),
    path("sessions/<int:booking_id>/places/", sessions.session_add_place, name="session_add_place"),
    path(
        "sessions/<int:booking_id>/places/<int:place_id>/",
        sessions.session_place,
        name="session_place",
    ),
    path("classes/", classes.classes, name="classes"),
    path("classes/new/", classes.class_edit, name="class_new"),
    path("classes/<int:group_id>/", classes.class_page, name="class"),
    path("classes/<int:group_id>/edit/", classes.class_edit, name="class_edit"),
    path("classes/<int:group_id>/students/", classes.class_add, name="class_add"),
    path(
        "classes/<int:group_id>/students/<int:student_id>/leave/",
        classes.class_leave,
        name="class_leave",
    ),
]
