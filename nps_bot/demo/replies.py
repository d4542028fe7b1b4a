"""What the people of Lumen Coffee and its customers write, by who they are and what they scored."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sandbox.workspace import User

_UNHAPPY_CUSTOMERS = (
    "Two deliveries out of five came a day late, and both times our first guests got instant.",
    "The new bags are lovely to look at, but they split when my staff tear them open at 5 am.",
    "I have asked three times for one invoice per branch. I still get a single one, in euros.",
    "The decaf tasted of cardboard in the last two lots. Somebody should have cupped it.",
    "Nobody told us that the house blend changed. Our regulars noticed before we did.",
    "The minimum order went up by a third overnight. For a bakery of four that is a lot of beans.",
    "Your driver leaves the boxes in the rain when the shutters are down. Please ring the bell.",
    "The grinder we rent from you has been \u201cabout to be serviced\u201d since spring.",
    "Three people, three prices for the same bag. I'd like to trust the first answer.",
    "The app signs me out between the first and the second page of every order.",
    "Half the cups from the new roast were sour. We poured a morning down the sink.",
)
_EVEN_CUSTOMERS = (
    "Good coffee, fair price. I'd be quicker to recommend you if the order form remembered me.",
    "All fine. A roast date on the label that one can read without glasses would make my day.",
    "Solid. We tried the filter roast of a competitor last month and it was a close call.",
    "The coffee is a nine, the website is a five. That makes a seven, doesn't it?",
    "No complaints, but I never know who to call since Marta left.",
    "Nice people, reliable. The price list arrives after the prices have changed, though.",
    "It works. I would like smaller bags for the weekends.",
    "Delivery is fine, the beans are fine. What I miss is somebody who asks how it goes.",
    "Better than last year. The invoices are still a puzzle for my accountant.",
    "Our guests like it, I like it, my partner finds it too dark. Could we try another roast?",
    "You are good at coffee and middling at e-mail.",
)
_HAPPY_CUSTOMERS = (
    "Tom drove over himself when our machine died before Easter. You don't forget that.",
    "The Ethiopian lot! People photograph the cups. More of it, please.",
    "Ordered at noon, delivered the next morning, still warm from the roaster. Twice.",
    "Your training afternoon made our Saturday crew twice as fast, and proud of it.",
    "I recommend you already: three caf\u00e9s in our street buy from you because of me.",
    "Mei answers before I have finished typing. Whatever you pay her, it's not enough.",
    "Best espresso we've had in eleven years of running this place.",
    "The roast cards at the table were a lovely idea. Guests take them home.",
    "You told us about the price rise two months before. Nobody else does that.",
    "My grandmother asked what we changed. We changed to you.",
    "The decaf is so good that I had to prove to a guest it was one.",
    "A wrong bag came once. The right one was there before I had finished complaining.",
    "We were invited to the roastery with the whole team. They still talk about it.",
    "Honest advice: you sold us the cheaper grinder because it was enough.",
)
_UNHAPPY_EMPLOYEES = (
    "Every week another \u201curgent\u201d Friday evening shift. People stop making plans.",
    "The packaging line has been two people short since August and it shows.",
    "I learn about decisions in the customers' channel. That is the wrong order.",
    "My review was moved four times. I know you're busy; so am I.",
    "Heating in the design studio. I have written this three times now.",
    "Sales promises dates that the roastery has never heard of.",
    "I trained two people this year and both have left for better hours.",
    "The loading dock light has been out for a month. It is dark at six now.",
    "We measure everything except how tired people are.",
)
_EVEN_EMPLOYEES = (
    "Great colleagues, decent coffee, too many tools. We have four places for one checklist.",
    "I like it here. I'd like it more if the on-call weeks were shared fairly.",
    "Mostly good. Remote people get forgotten when the room starts to draw on the whiteboard.",
    "Fine! A career path that isn't \u201cbecome a manager\u201d would make it an eight.",
    "We celebrate launches and never repairs.",
    "The all-hands is at 2 am here. The recording helps, being asked would help more.",
    "Good people. I would stay for longer if pay were talked about more openly.",
    "The new scheduling tool is nearly great. Nearly.",
    "I like the work and I like my team; the meetings I could do without.",
    "Nice that we ask. Last time I'd have liked to hear what came of it.",
)
_HAPPY_EMPLOYEES = (
    "I was trusted with the whole Lisbon move in my first year. Where else does that happen?",
    "People admit mistakes here, from the top down. It makes everything easier.",
    "The origin trip. I finally understand what I've been grading for six years.",
    "Parental leave was handled with such kindness that my sister applied.",
    "Good tools, quiet mornings, and somebody always brings cake.",
    "Priya fights for the customer and for us. I didn't know one could do both.",
    "We said no to the big chain because the farmers would have paid for it. Proud of that.",
    "My manager asks what I want to learn next, and then makes room for it.",
    "I was ill for two months and came back to a desk with flowers on it.",
    "Cupping on Fridays, everybody, the finance team too. It keeps us honest about the product.",
    "I moved countries and kept my job. Nobody made a fuss about it.",
    "You can say a plan is bad here and still be asked to lunch.",
)

_POOLS: dict[tuple[bool, str], Sequence[str]] = {
    (True, "unhappy"): _UNHAPPY_CUSTOMERS,
    (True, "even"): _EVEN_CUSTOMERS,
    (True, "happy"): _HAPPY_CUSTOMERS,
    (False, "unhappy"): _UNHAPPY_EMPLOYEES,
    (False, "even"): _EVEN_EMPLOYEES,
    (False, "happy"): _HAPPY_EMPLOYEES,
}


def replies(user: User, place: int, score: int, number: int, most: int = 1) -> tuple[str, ...]:
    """Return what somebody writes after a score: other words each time, and other than others.

    Arguments:
        user: who writes.
        place: their number among all who write.
        score: what they answered.
        number: how often they were asked by now.
        most: how many texts.
    """
    mood = "unhappy" if score <= 6 else "even" if score <= 8 else "happy"
    pool = _POOLS[user.is_restricted, mood]
    first = place + 3 * number
    return tuple(pool[(first + at) % len(pool)] for at in range(most))
