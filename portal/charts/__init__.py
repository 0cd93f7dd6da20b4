"""Figures: pure functions from data to a plain figure and the table that says the same. Nothing here asks a database or a clock.

A colour is named by its token ("@approved", "@amber/28"); static/portal/charts.js resolves it when it draws, so charts, bars and
badges cannot disagree, in light, dark or print. Surprising decision: texts in a figure carry no HTML, because Plotly would turn
`<b>` into a style attribute, which the policy refuses, and a title is somebody's free text.
"""
