"""Addresses of the log-in, of one's own account, and of people and posts."""

from __future__ import annotations

from django.urls import path, re_path

from tonghu.platform.accounts import account_views, door_views, people_views

app_name = "accounts"
urlpatterns = [
    path("login", door_views.log_in, name="login"),
    path("login/code", door_views.code, name="code"),
    path("login/enrol", door_views.enrol, name="enrol"),
    path("activate/<str:token>", door_views.activate, name="activate"),
    path("logout", door_views.log_out, name="logout"),
    path("post", door_views.switch, name="switch"),
    path("account", account_views.account, name="account"),
    path("account/password", account_views.password, name="password"),
    path("account/recovery", account_views.recovery, name="recovery"),
    path("account/language", account_views.language, name="language"),
    path("account/device", account_views.end_device, name="device"),
    path("people", people_views.people_list, name="people"),
    path("people/new", people_views.register, name="register"),
    path("people/roles", people_views.roles, name="roles"),
    path("people/<int:pk>", people_views.person_page, name="person"),
    path("people/<int:pk>/appoint", people_views.appoint, name="appoint"),
    path("people/<int:pk>/move", people_views.move, name="move"),
    path("people/<int:pk>/link", people_views.link, name="link"),
    re_path(r"^people/(?P<pk>\d{1,18})/(?P<act>suspend|resume|unlock)$", people_views.secure, name="secure"),
    path("posts/<int:pk>/end", people_views.end_post, name="end_post"),
    path("posts/<int:pk>/deputy", people_views.deputy, name="deputy"),
]
