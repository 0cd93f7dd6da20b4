"""What the shop's visitors are told: its services by names they know, and a few windows in words for them."""

from __future__ import annotations

from examples.shop.data.people import acting
from examples.shop.data.plans import MARK
from windows.announcements.commands.announcing import announce
from windows.announcements.commands.components import publish_service
from windows.announcements.commands.following import follow
from windows.announcements.models import Announcement, Component
from windows.scheduling.models import Window

SERVICES = (  # slug, public name, what it does for visitors
    ("storefront", "Shop", "Pages, pictures and prices"),
    ("search", "Search", "Finding products"),
    ("baskets", "Basket", "Collecting what you want to buy"),
    ("orders", "Orders", "Ordering, and your order history"),
    ("payments", "Payment", "Cards and bank transfers"),
    ("accounts", "Your account", "Signing in, addresses, passwords"),
)
WORDS = {  # the plan's number → title and text
    1: ("Card payments may be declined for a minute", "Try again after a moment, or pay by bank transfer. Nothing is charged twice."),
    2: ("Search results may be a few minutes old", "New products and prices show up in the search up to five minutes late."),
}


def load() -> None:
    known = set(Component.objects.values_list("service__slug", flat=True))
    for position, (slug, name, description) in enumerate(SERVICES, start=1):
        if slug not in known:
            publish_service(acting("chiara"), slug, name=name, description=description, position=position)
    windows = dict(Window.objects.filter(external_ref__in=[f"{MARK}{n}" for n in WORDS]).values_list("external_ref", "pk"))
    told = set(Announcement.objects.filter(window__in=windows.values()).values_list("window", flat=True))
    for number, (title, text) in WORDS.items():
        window = windows.get(f"{MARK}{number}")
        if window is not None and window not in told:
            announce(acting("chiara"), f"MW-{window}", title=title, text=text)
    follow()
