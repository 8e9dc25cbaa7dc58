"""The program's settings, each declared once as a Field: the settings page, the TOML file and the checks read it here.

What belongs to one cluster is in its own file (``model/fields.py``); this is what one person chose for the program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from tgwizard.model.appearance import ContrastChoice, TextSize, ThemeChoice, TimeZoneChoice
from tgwizard.model.fields import Field, FieldError

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class LogLevel(Enum):
    """From which weight on a record reaches the log file."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


class ClusterOrder(Enum):
    """By which column the table of clusters is sorted."""

    STATE = "state"
    CLUSTER = "cluster"
    ADDRESS = "address"
    ACTIVE = "active"
    SINCE = "since"
    SEEN = "seen"
    READY = "ready"


class ClusterFilter(Enum):
    """Which clusters the table shows."""

    ALL = "all"
    ATTENTION = "attention"
    MOVING = "moving"
    AT_RISK = "at_risk"
    IN_SYNC = "in_sync"
    NOT_KNOWN = "not_known"


class Applies(Enum):
    """When a changed setting is in force."""

    NOW = "now"
    NEXT_START = "the next time tgwizard starts"


@dataclass(frozen=True, slots=True)
class SettingChoice:
    """One of a setting's words, with its label and what it comes to."""

    word: str
    label: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Setting(Field[T]):
    """A Field with a default.

    ``choices`` are its words when it has a closed set; ``unit`` is shown behind a number; ``shown`` is False for what
    the window remembers by itself.
    """

    default: T | None = None
    choices: tuple[SettingChoice, ...] = ()
    unit: str = ""
    applies: Applies = Applies.NOW
    shown: bool = True

    def typed(self, text: str) -> T:
        """What a person typed: the text as it is, else what the file would mean by it. FieldError: neither can be."""
        try:
            return self.parse(text)
        except FieldError:
            import tomllib  # only for what is no text: true, a list

            try:
                meant = tomllib.loads(f"value = {text}")
            except (ValueError, RecursionError):  # too many digits, or nested too deep, besides what is no TOML
                meant = {}
            if set(meant) != {"value"}:
                raise
            return self.parse(meant["value"])

    def value_of(self, settings: Settings) -> T:
        """What the settings say; the default when they say nothing."""
        found: T = settings.values.get(self.key, self.default)
        return found


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; what is absent has its default. Immutable: ``with_value`` gives the changed ones."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def with_value(self, setting: Setting[T], value: T) -> Settings:
        """These settings with one replaced."""
        return replace(self, values=MappingProxyType({**self.values, setting.key: value}))


def _one_of(kind: type[E]) -> Callable[[object], E]:
    words = ", ".join(item.value for item in kind)

    def parse(value: object) -> E:
        if isinstance(value, kind):
            return value
        try:
            return kind(value)
        except ValueError:
            raise FieldError(f"It must be one of {words}.") from None

    return parse


def _text_size(value: object) -> TextSize:
    """150 and "150 %" are meant as they are typed."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return _one_of(TextSize)(value.removesuffix("%").strip() if isinstance(value, str) else value)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise FieldError("It must be true or false, without quotes.")
    return value


def _between(low: float, high: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
        except (ValueError, OverflowError):
            number = None
        if number is None or not low <= number <= high:
            raise FieldError(f"It must be a number from {low:g} to {high:g}.")
        return number

    return parse


def _folder(value: object) -> Path | None:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str):
        raise FieldError("It must be the path of a folder in quotes.")
    if not value.strip():
        return None
    try:
        path = Path(value.strip()).expanduser()
    except RuntimeError as error:
        raise FieldError("It begins with the name of a user who does not exist.") from error
    if "\0" in value:
        raise FieldError("It holds a character that no path has.")
    if not path.is_absolute():
        raise FieldError("It must be an absolute path.")
    return path


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise FieldError("It must be text of at most 200 characters, in quotes.")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise FieldError("It must be a list of cluster names in quotes.")
    return tuple(dict.fromkeys(value))


def _whole_numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or len(value) != 4 or not all(type(item) is int for item in value):
        raise FieldError("It must be a list of four whole numbers.")
    return tuple(value)


THEME = Setting(
    "window.theme",
    "Theme",
    "Light or dark surfaces.",
    "system",
    _one_of(ThemeChoice),
    required=False,
    default=ThemeChoice.SYSTEM,
    choices=(
        SettingChoice("system", "System", "follows the light or dark setting of this computer"),
        SettingChoice("light", "Light", "always light"),
        SettingChoice("dark", "Dark", "always dark"),
    ),
)
TEXT_SIZE = Setting(
    "window.text_size",
    "Text size",
    "Ctrl++ and Ctrl+- go through the sizes, Ctrl+0 follows this computer.",
    "system",
    _text_size,
    required=False,
    default=TextSize.SYSTEM,
    choices=(
        SettingChoice("system", "System", "as large as this computer's other text"),
        SettingChoice(TextSize.USUAL.value, "100 %", "the usual size"),
        SettingChoice(TextSize.LARGER.value, "125 %", "a quarter larger"),
        SettingChoice(TextSize.LARGE.value, "150 %", "half as large again; columns of text become rows"),
        SettingChoice(TextSize.LARGEST.value, "200 %", "twice as large; columns of text become rows"),
    ),
)
TIME_ZONE = Setting(
    "window.time_zone",
    "Times",
    "Which time the window tells. It stands behind each.",
    "local",
    _one_of(TimeZoneChoice),
    required=False,
    default=TimeZoneChoice.LOCAL,
    choices=(
        SettingChoice("local", "Local", "the time of this computer"),
        SettingChoice("utc", "UTC", "the time of Azure's logs, and of the reports that are saved"),
    ),
)
CONTRAST = Setting(
    "window.contrast",
    "Contrast",
    "High contrast has no tints, and every edge is as strong as text.",
    "system",
    _one_of(ContrastChoice),
    required=False,
    default=ContrastChoice.SYSTEM,
    choices=(
        SettingChoice("system", "System", "follows the contrast setting of this computer"),
        SettingChoice("high", "High", "always black, white and the colours of state"),
        SettingChoice("usual", "Usual", "always as tgwizard looks otherwise"),
    ),
)
REDUCED_MOTION = Setting(
    "window.reduced_motion",
    "Reduced motion",
    "Nothing glides: the address steps from place to place. What this computer prefers is not told to tgwizard by Qt.",
    "false",
    _switch,
    required=False,
    default=False,
)
NOTIFICATIONS = Setting(
    "window.notifications",
    "Ask for attention",
    "The window marks itself in the task bar when a cluster needs attention or a run ends while you work elsewhere.",
    "true",
    _switch,
    required=False,
    default=True,
)
READ_ONLY = Setting(
    "window.read_only",
    "Read-only",
    "Every button that writes is off until you unlock (Ctrl+L). It is kept over a restart.",
    "false",
    _switch,
    required=False,
    default=False,
)
NICS_S = Setting(
    "watch.nics_s",
    "Read the network interfaces every",
    "They show who holds the floating IP. Many clusters at once are read more slowly.",
    "2",
    _between(1, 300),
    required=False,
    default=2.0,
    unit="s",
)
VMS_S = Setting(
    "watch.vms_s",
    "Read the machines every",
    "Their power and zone change rarely.",
    "10",
    _between(5, 3600),
    required=False,
    default=10.0,
    unit="s",
)
MEASURE_RUNS = Setting(
    "watch.measure_runs",
    "Measure traffic during failovers",
    "From the question to the end of the run, this computer tries a connection to the floating IP ten times a second.",
    "false",
    _switch,
    required=False,
    default=False,
)
DATA_FOLDER = Setting(
    "files.data_folder",
    "Data folder",
    "Journals and locks of the clusters in Azure. All programs on this computer must use the same one. "
    "Empty: the folder this system provides. A lab keeps its own.",
    "/var/lib/tgwizard",
    _folder,
    required=False,
    applies=Applies.NEXT_START,
)
LOG_LEVEL = Setting(
    "log.level",
    "Log",
    "What is written to the log file. Tokens never are.",
    "info",
    _one_of(LogLevel),
    required=False,
    default=LogLevel.INFO,
    applies=Applies.NEXT_START,
    choices=(
        SettingChoice("debug", "Everything", "for finding a fault"),
        SettingChoice("info", "Usual", "what the program did"),
        SettingChoice("warning", "Little", "only what went wrong"),
    ),
)
ORDER = Setting(
    "clusters.order", "Sorted by", "", "state", _one_of(ClusterOrder), required=False, default=ClusterOrder.STATE,
    shown=False,
)  # fmt: skip
DESCENDING = Setting(
    "clusters.descending", "Sorted downwards", "", "false", _switch, required=False, default=False, shown=False
)
FILTER = Setting(
    "clusters.filter", "Filter", "", "all", _one_of(ClusterFilter), required=False, default=ClusterFilter.ALL,
    shown=False,
)  # fmt: skip
FILTER_TEXT = Setting("clusters.text", "Filter text", "", "dallas", _text, required=False, default="", shown=False)
PINNED: Setting[tuple[str, ...]] = Setting(
    "clusters.pinned", "Pinned", "", "[]", _names, required=False, default=(), shown=False
)
PLACE: Setting[tuple[int, ...] | None] = Setting(
    "window.place", "Place of the window", "", "[100, 80, 1440, 900]", _whole_numbers, required=False, default=None,
    shown=False,
)  # fmt: skip
"""Left, top, width and height in logical pixels."""
MAXIMISED = Setting("window.maximised", "Maximised", "", "false", _switch, required=False, default=False, shown=False)

ALL: tuple[Setting[Any], ...] = (
    THEME, CONTRAST, TEXT_SIZE, TIME_ZONE, REDUCED_MOTION, NOTIFICATIONS, READ_ONLY, NICS_S, VMS_S, MEASURE_RUNS,
    DATA_FOLDER, LOG_LEVEL,
    ORDER, DESCENDING, FILTER, FILTER_TEXT, PINNED, PLACE, MAXIMISED,
)  # fmt: skip
"""Every setting, in the order of the page and of the file."""
