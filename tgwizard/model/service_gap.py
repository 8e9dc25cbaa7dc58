"""How long an address served nobody: from the last moment of service to the first, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.model.text import format_duration


@dataclass(frozen=True, slots=True)
class ServiceGap:
    """Seconds as read, between our readings; None: not known, or there was none.

    ``at_least``: service had ended before anybody looked, so that it was longer; ``at_most_s`` bounds it then.
    """

    seconds: float | None = None
    at_least: bool = False
    at_most_s: float | None = None

    @property
    def words(self) -> str:
        """As in "4.2 s", "at least 4.2 s, at most 19.1 s", "at most 64.0 s"; empty when there is nothing to tell."""
        least = "" if self.seconds is None else f"{'at least ' if self.at_least else ''}{format_duration(self.seconds)}"
        most = "" if self.at_most_s is None else f"at most {format_duration(self.at_most_s)}"
        return ", ".join(part for part in (least, most) if part)


def times_told(seconds: float | None, gap: ServiceGap) -> tuple[str, ...]:
    """How long the move took from its first write on an interface, and the gap, in words, as far as they are known.

    A machine that the run stopped first served nobody meanwhile: the gap is longer than the move. One that had ended
    before anybody looked (``at_least``) may be longer for another reason.
    """
    told = (f"gap as read {gap.words}",) if gap.words else ()
    if seconds is None:
        return told
    stopped = gap.seconds is not None and not gap.at_least and gap.seconds > seconds
    return (f"in {format_duration(seconds)}{' after the stop' if stopped else ''}", *told)


NO_SERVICE_GAP = ServiceGap()
"""Nothing was read of a gap."""
