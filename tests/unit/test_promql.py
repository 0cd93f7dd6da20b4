"""PromQL templates: no value changes a query. And which series a query reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.errors import Invalid
from slo.telemetry.promql import TOKEN, label, narrowed, render, selectors

TEMPLATE = 'sum(rate(http_total{service="{{ service }}", code!~"5.."}[{{ window }}]))'
HOSTILE = [
    'x"} or vector(1) #',
    "x\\",
    'x\\"} or vector(1) #',
    "x\n} or vector(1)",
    "{{ window }}",
    "\ue000service\ue001",
    "`",
    "'",
    "# x",
    "\0",
    "a.*",
]


def shape(query: str) -> list[str]:
    return [t.group() if t.lastgroup != "string" else "<string>" for t in TOKEN.finditer(query)]


@pytest.mark.parametrize("value", HOSTILE)
def test_r_c12_a_value_cannot_alter_the_query(value: str) -> None:
    assert shape(render(TEMPLATE, {"service": value}, 30)) == shape(render(TEMPLATE, {"service": "orders"}, 30))


@given(st.text(max_size=40))
def test_r_c12_no_value_can(value: str) -> None:
    for template in (TEMPLATE, 'up{job=~"{{ service }}.*"}', 'up{job="a{{ service }}b", x="{{ service }}"}'):
        query = render(template, {"service": value}, 30)
        assert shape(query) == shape(render(template, {"service": "orders"}, 30))


def test_values_and_the_window_are_filled_in() -> None:
    assert render(TEMPLATE, {"service": "orders"}, 30) == 'sum(rate(http_total{service="orders", code!~"5.."}[30s]))'
    assert render('up{a="{{ a }}"}', {"a": 'x"\\'}, 1) == 'up{a="x\\"\\\\"}'
    assert render('up{a=~"{{ a }}|b"}', {"a": "a.b|c"}, 1) == 'up{a=~"a\\\\.b\\\\|c|b"}'
    assert render('up{a =~ "{{ a }}", b="{{ a }}"}', {"a": "."}, 1) == 'up{a =~ "\\\\.", b="."}'
    assert render("x[{{ window }}:5s]", {}, 0.2) == "x[1s:5s]"
    assert label('x"') == '"x\\""'


@pytest.mark.parametrize(
    "template",
    ["{{ service }}", "up{job='{{ service }}'}", "up{job=`{{ service }}`}", 'up{{{ service }}="x"}', "rate(x[{{ service }}])",
     'up{job="{{ service }}}',
     'up{job="{{ nobody }}"}', "up > {{ window }}", "# {{ service }}", "up \ue000service\ue001"],
)  # fmt: skip
def test_r_c12_placeholders_only_where_they_do_no_harm(template: str) -> None:
    with pytest.raises(Invalid):
        render(template, {"service": "orders"}, 30)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("up", ["up"]),
        ('up{job="a,b}c"}', ['up{job="a,b}c"}']),
        ("sum by (job, le) (rate(http_total[5m])) / sum without(x)(http_all)", ["http_total", "http_all"]),
        ("a / on(instance) group_left(name) b", ["a", "b"]),
        ("histogram_quantile(0.99, sum(rate(latency_bucket[1m] offset 5m)) by (le))", ["latency_bucket"]),
        ('{__name__="up"} unless bool', ['{__name__="up"}']),
        ("vector(1) or 1 > bool 2 # up", []),
        ("up + up", ["up"]),
        ("max_over_time(rate(x[1m])[5m:10s]) @ end()", ["x"]),
        ("job:errors:rate5m{a='}'} >= 1e-3", ["job:errors:rate5m{a='}'}"]),
        ("min(up) * NaN + Inf", ["up"]),
    ],
)
def test_selectors(query: str, found: list[str]) -> None:
    assert selectors(query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("up", 'up{w="x"}'),
        ("{}", '{w="x",}'),
        ("f(a{b='}'}[5m] offset 1m) / on (c) d[1m:5s] # up", "f(a{w=\"x\",b='}'}[5m] offset 1m) / on (c) d{w=\"x\"}[1m:5s] # up"),
        ("vector(1)", "vector(1)"),
    ],
)  # fmt: skip
def test_a_narrowed_query_reads_only_what_carries_the_label(query: str, found: str) -> None:
    assert narrowed(query, "w", "=", "x") == found


@given(st.text(alphabet="abc{}()[]\"'`#\\,=~ \n01.:", max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    assert "".join(t.group() for t in TOKEN.finditer(text)) == text
    selectors(text)
