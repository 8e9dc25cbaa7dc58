"""The Steps panel of a run: each step with its shape, its detail, the time it took, and the predicted time."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.state_shapes import INK, Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.labels import Figure, LiveText, TextLabel, lines_high


class StepRow(QWidget):
    """One step; a line leads from its shape to the next one's, green once the step is done."""

    accessible_role = QAccessible.Role.ListItem

    def __init__(self, theme: Theme, name: str, number: int, of: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name_text = name
        self._place = f"Step {number} of {of}"
        self._last = number == of
        self._mark = ShapeMark(theme, Shape.WAITING, 20)
        self._name = LiveText(theme, name, TextRole.BODY_STRONG, Token.TEXT2)
        self._detail = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._actual = Figure(theme, "59 min 59 s")
        self._predicted = TextLabel(theme, "", TextRole.CAPTION, Token.TEXT3)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, theme.px(0 if self._last else 16))
        row.setSpacing(theme.px(13))
        words = QVBoxLayout()
        words.setSpacing(theme.px(1))
        top = Qt.AlignmentFlag.AlignTop
        # Two rows, no grid: the wide room of the actual time is not taken from the line of details.
        for text, figure in ((self._name, self._actual), (self._detail, self._predicted)):
            line = QHBoxLayout()
            line.setSpacing(theme.px(8))
            line.addWidget(text, 1)
            line.addWidget(figure, 0, top)
            words.addLayout(line)
        row.addWidget(self._mark, 0, top)
        row.addLayout(words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        theme.changed.connect(self.update)
        self.show_step(Shape.WAITING, "", "", "")

    @property
    def reserved_height(self) -> int:
        """The room of a step whose details take two lines."""
        name = lines_high(self._theme, 1, TextRole.BODY_STRONG)
        return name + lines_high(self._theme, 2) + self._theme.px(1 if self._last else 17)

    @property
    def shape(self) -> Shape:
        """The state of the step as shown."""
        return self._mark.shape

    @property
    def detail(self) -> str:
        """The second line as shown."""
        return self._detail.text_shown

    def show_step(self, shape: Shape, detail: str, actual: str, predicted: str) -> None:
        """Replace the state; `actual` and `predicted` are seconds as text, empty when there are none."""
        if self.isVisible():
            # Fewer words make it no lower: what can be pressed below stays where it is.
            self.setMinimumHeight(max(self.minimumHeight(), self.height()))
        changed = shape is not self._mark.shape
        self._mark.show_shape(shape)
        self._name.recolour(Token.TEXT2 if shape is Shape.WAITING else Token.TEXT)
        self._detail.say(detail)
        self._actual.say(actual)
        self._actual.recolour(INK[shape] if shape in {Shape.MOVING, Shape.BROKEN} else Token.TEXT)
        self._predicted.say(predicted)
        timing = ", ".join(part for part in (actual, f"predicted {predicted}" if predicted else "") if part)
        self.setAccessibleName(f"{self._place}, {self._name_text}, {shape.value}")
        self.setAccessibleDescription(". ".join(part for part in (detail, timing) if part))
        if changed:
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width wraps the words anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.setMinimumHeight(0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._last:
            return
        side = self._mark.width()
        done = self._mark.shape is Shape.GOOD
        colour = self._theme.colour(Token.OK if done else Token.STRONG)
        top = self._mark.geometry().bottom() + 5
        QPainter(self).fillRect(QRectF(side / 2 - 1, top, 2, self.height() - top - 4), colour)


class DeadlineBar(QWidget):
    """How much of a step's deadline is used, with a mark where it was predicted to end."""

    accessible_role = QAccessible.Role.ProgressBar

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._used = 0.0
        self._mark = 0.0
        self.setAccessibleName("Deadline of this step")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """A thin bar."""
        return QSize(100, self._theme.px(8))

    def minimumSizeHint(self) -> QSize:
        """Never thinner."""
        return QSize(40, self._theme.px(8))

    def show_use(self, used_s: float, predicted_s: float, deadline_s: float) -> None:
        """Set the used and predicted seconds of a deadline of `deadline_s`."""
        self._used = min(1.0, used_s / deadline_s)
        self._mark = min(1.0, predicted_s / deadline_s)
        self.setAccessibleDescription(f"{used_s:.0f} of {deadline_s:.0f} seconds used")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        radius = box.height() / 2
        painter.setBrush(self._theme.colour(Token.IDLE_TINT))
        painter.drawRoundedRect(box, radius, radius)
        if self._used > 0:
            used = QRectF(box)
            used.setWidth(max(box.height(), box.width() * self._used))
            painter.setBrush(self._theme.colour(Token.ACCENT))
            painter.drawRoundedRect(used, radius, radius)
        if self._mark > 0:
            x = box.width() * self._mark
            painter.fillRect(QRectF(x - 1, 0, 2, box.height()), self._theme.colour(Token.TEXT2))
