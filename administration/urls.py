"""Addresses under /schools/<slug>/."""

from django.urls import path

from administration import views

app_name = "administration"

urlpatterns = [
    path("", views.school, name="school"),
    path("register/", views.register, name="register"),
    path("register/done/", views.registered, name="registered"),
    path("terms/", views.terms, name="terms"),
    path("join/", views.join, name="join"),
    path("accept/", views.accept, name="accept"),
    path("students/", views.students, name="students"),
    path("students/new/", views.student_add, name="student_add"),
    path("students/<int:pk>/edit/", views.student_edit, name="student_edit"),
    path("students/<int:pk>/documents/", views.document_add, name="document_add"),
    path(
        "students/<int:pk>/documents/<int:document_pk>/remove/",
        views.document_remove,
        name="document_remove",
    ),
    path("teachers/", views.teachers, name="teachers"),
    path("teachers/invite/", views.teacher_invite, name="teacher_invite"),
    path("teachers/<int:pk>/", views.teacher_edit, name="teacher_edit"),
    path("team/<int:pk>/", views.staff_edit, name="staff_edit"),
    path("team/<int:pk>/invite/", views.invite_again, name="invite_again"),
    path("team/<int:pk>/deactivate/", views.deactivate, name="deactivate"),
    path("team/<int:pk>/reactivate/", views.reactivate, name="reactivate"),
    path("departments/", views.departments, name="departments"),
    path("departments/new/", views.department_add, name="department_add"),
    path("departments/<int:pk>/", views.department_edit, name="department_edit"),
    path("settings/", views.settings, name="settings"),
    path("settings/history/", views.settings_history, name="settings_history"),
    path("permissions/", views.permissions, name="permissions"),
    path("profile/", views.profile, name="profile"),
    path("profile/sessions/", views.end_sessions, name="end_sessions"),
]
