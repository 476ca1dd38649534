"""What happened, as figures and pictures: funnels, a lead's way through its process. Pure: rows in, text out.

- `funnel` folds ways through a process into a `Funnel` of figures, in flat memory;
- `draw_funnel`, `funnel_svg`, `funnel_page` show it as text, as a picture and as a web page;
- `draw_bar` shows one lead's process as a horizontal bar with the active stage open (S003-17).
"""

from leadflow.reporting.bar import Step, draw_bar
from leadflow.reporting.figures import Funnel, StageFigures, ratio
from leadflow.reporting.funnel import funnel
from leadflow.reporting.html import funnel_page
from leadflow.reporting.picture import draw_funnel
from leadflow.reporting.pieces import Line, Piece, plain_text
from leadflow.reporting.stages import StageView, view_stages
from leadflow.reporting.svg import funnel_svg
from leadflow.reporting.way import Way

__all__ = [
    "Funnel",
    "Line",
    "Piece",
    "StageFigures",
    "StageView",
    "Step",
    "Way",
    "draw_bar",
    "draw_funnel",
    "funnel",
    "funnel_page",
    "funnel_svg",
    "plain_text",
    "ratio",
    "view_stages",
]
