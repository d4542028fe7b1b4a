"""A wording as a document that can be stored, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from nps_bot.nps.bands import Band
from nps_bot.surveys.rules.survey import BandPlan, FollowUp, Link, Wording


def wording_document(wording: Wording) -> dict[str, Any]:
    """Return ``wording`` as JSON values; :func:`wording_from_document` is its inverse."""
    document = {
        "title": wording.title,
        "brand": wording.brand,
        "question": wording.question,
        "reason": wording.reason,
        "layout": wording.layout,
        "bands": {band.value: _plan_document(wording.plan(band)) for band in Band},
    }
    return document | _said("reminder", wording.reminder) | _said("operator", wording.operator)


def wording_from_document(document: Mapping[str, Any]) -> Wording:
    """Return the wording a stored document describes.

    Args:
        document: what :func:`wording_document` returned, perhaps years ago.

    Raises:
        KeyError: the document lacks a part; it was not made by :func:`wording_document`.
    """
    plans = {band: _plan(document["bands"][band.value]) for band in Band}
    return Wording(
        title=document["title"],
        brand=document["brand"],
        question=document["question"],
        reason=document["reason"],
        detractor=plans[Band.DETRACTOR],
        passive=plans[Band.PASSIVE],
        promoter=plans[Band.PROMOTER],
        layout=document["layout"],
        reminder=document.get("reminder"),
        operator=document.get("operator"),
    )


def wording_digest(wording: Wording) -> str:
    """Return 64 hexadecimal digits that are the same for equal wordings, on every machine.

    It is the SHA-256 of the document as canonical JSON: sorted keys, no spaces, ASCII.
    """
    document = json.dumps(wording_document(wording), sort_keys=True, separators=(",", ":"))
    return sha256(document.encode("ascii")).hexdigest()


def _said(key: str, words: str | None) -> dict[str, str]:
    """Return what is stored of words a survey may have or not.

    Nothing where it has none: the digests of wordings from before there were such words stay.
    """
    return {} if words is None else {key: words}


def _plan_document(plan: BandPlan) -> dict[str, Any]:
    return _said("chaser", plan.chaser) | {
        "follow_ups": [{"key": each.key, "question": each.question} for each in plan.follow_ups],
        "thank_you": plan.thank_you,
        "links": [{"text": link.text, "url": link.url} for link in plan.links],
    }


def _plan(document: Mapping[str, Any]) -> BandPlan:
    return BandPlan(
        follow_ups=tuple(
            FollowUp(each["key"], each["question"]) for each in document["follow_ups"]
        ),
        thank_you=document["thank_you"],
        links=tuple(Link(link["text"], link["url"]) for link in document["links"]),
        chaser=document.get("chaser"),
    )
