"""The demo inbox: mounted only when nothing is really sent."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("inbox/", views.demo_inbox, name="demo_inbox"),
    path("inbox/<int:pk>/", views.demo_message, name="demo_message"),
    path("inbox/<int:pk>/letter/", views.demo_letter, name="demo_letter"),
    path("inbox/<int:pk>/files/<int:number>/", views.demo_file, name="demo_file"),
]
