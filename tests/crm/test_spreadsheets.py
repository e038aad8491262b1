import pytest

from crm.spreadsheets import harmless


@pytest.mark.parametrize("cell", ["=1+1", " =1", "+cmd", "-x", "@sum", "\tx", "\rx", "-1+1"])
def test_what_a_spreadsheet_would_run_stands_behind_an_apostrophe(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Ada", "-12.5", "+49", "1,234.56", "a=b"])
def test_everything_else_stays(cell):
    assert harmless(cell) == cell
