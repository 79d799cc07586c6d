"""The recurrent cells, one a file. `CELLS[name]` is the cell of that name."""

from engine.cells.cell import Cell
from engine.cells.coupled import Coupled
from engine.cells.gru import GRU
from engine.cells.lstm import LSTM
from engine.cells.mingru import MinGRU
from engine.cells.mlstm import MLSTM
from engine.cells.peephole import Peephole
from engine.cells.rnn import RNN

CELLS: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        RNN(),
        RNN(relu=True),
        LSTM(),
        Peephole(),
        Coupled(),
        GRU(),
        MLSTM(),
        MinGRU(),
    )
}

__all__ = ["CELLS", "Cell"]
