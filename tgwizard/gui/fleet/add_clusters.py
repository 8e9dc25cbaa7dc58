"""Adding a cluster that works already: its file is chosen or dropped, and what is wrong with it is said."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from tgwizard.gui.cluster.cluster_registry import NotAdded
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.check_rows import NoticeBox

SUFFIX = ".toml"


class AddButton(Button):
    """Asks for cluster files. `files_given(paths)` with those that were chosen."""

    files_given = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Add a cluster file…", icon=Icon.LINK)
        self.explain("Choose a cluster file, a colleague's will do; it is checked and copied. Dropping it works too")
        self.clicked.connect(self._on_clicked)

    @Slot()
    def _on_clicked(self) -> None:
        dialog = QFileDialog(self.window(), "Add a cluster file", str(Path.home()), f"Cluster files (*{SUFFIX})")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._on_chosen)
        dialog.open()

    @Slot(list)
    def _on_chosen(self, files: list[str]) -> None:
        self.files_given.emit(tuple(Path(file) for file in files))


def dropped_files(data: QMimeData) -> tuple[Path, ...]:
    """The cluster files in what is being dropped."""
    local = (Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())
    return tuple(path for path in local if path.suffix.lower() == SUFFIX)


def refusal_boxes(theme: Theme, refused: NotAdded) -> list[NoticeBox]:
    """One box for each fault of a file: what and where, why, and what to do."""
    boxes = []
    name, end = ("", "") if refused.file is None else (f"{refused.file.name}: ", "Nothing was copied.")
    for problem in refused.problems:
        why = " ".join(dict.fromkeys(part for part in (problem.why, problem.fix, end) if part))
        box = NoticeBox(theme, Shape.BROKEN, name + problem.what.removeprefix(name), why)
        box.setAccessibleName(name + problem.sentence())
        boxes.append(box)
    return boxes
