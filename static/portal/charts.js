/* Roadworks: draws every [data-figure], also in panels that arrive later. Plotly is fetched only by a page that has one. */
(() => {
  "use strict";
  const root = document.documentElement;
  const source = document.currentScript.dataset.plotly;

  /* Plotly sets style="…" as an attribute on a few SVG nodes, which the policy refuses. The same text through the object model is allowed. */
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (name === "style" && this.style) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };

  /* "@approved" or "@amber/30" in a figure is a colour token of tokens.css. */
  let probe;
  const names = new Map();
  const token = (name) => {
    const [key, alpha] = name.slice(1).split("/");
    probe.style.color = `var(--${key})`;
    const rgb = getComputedStyle(probe).color;
    names.set(rgb, `var(--${key})`);
    return alpha ? rgb.replace("rgb(", "rgba(").replace(")", `, ${alpha / 100})`) : rgb;
  };
  const paint = (value) => {
    if (typeof value === "string") return /^@[a-z0-9-]+(\/\d+)?$/.test(value) ? token(value) : value;
    if (Array.isArray(value)) return value.map(paint);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, paint(v)]));
    return value;
  };
  const merged = (under, over) => {
    const all = { ...under };
    for (const [key, value] of Object.entries(over || {})) {
      const plain = value && typeof value === "object" && !Array.isArray(value);
      all[key] = plain ? merged(under?.[key] || {}, value) : value;
    }
    return all;
  };
  /* Times as everywhere: `02:00`, the day below where it changes. Without this Plotly writes the American order. */
  const times = [
    { dtickrange: [null, 60000], value: "%H:%M:%S\n%a %-d %b" },
    { dtickrange: [60000, 86400000], value: "%H:%M\n%a %-d %b" },
    { dtickrange: [86400000, "M1"], value: "%-d %b" },
    { dtickrange: ["M1", null], value: "%b %Y" },
  ];
  /* Light and dark in one: the tokens decide. */
  const template = () => {
    const size = parseFloat(getComputedStyle(root).fontSize) * 0.6875;
    const font = { family: getComputedStyle(document.body).fontFamily, size, color: "@ink-2" };
    const axis = { showgrid: false, zeroline: false, showline: false, ticks: "", automargin: true, tickfont: font, gridcolor: "@line", title: { font, standoff: 6 } };
    return {
      font, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 8, r: 8, t: 20, b: 8, pad: 4 }, showlegend: false,
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom", hovermode: "x unified",
      hoverlabel: { bgcolor: "@surface", bordercolor: "@line-2", font: { ...font, color: "@ink" } },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font, bgcolor: "rgba(0,0,0,0)", itemclick: false, itemdoubleclick: false },
      xaxis: { ...axis, hoverformat: "%a %-d %b %H:%M", tickformatstops: times }, yaxis: { ...axis, showgrid: true, fixedrange: true, nticks: 5 },
      modebar: { bgcolor: "@surface", color: "@ink-3", activecolor: "@ink", orientation: "h" }, transition: { duration: 0 }, autosize: true,
    };
  };
  const annotated = (note) => merged({ showarrow: false, font: { family: getComputedStyle(document.body).fontFamily, size: parseFloat(getComputedStyle(root).fontSize) * 0.6875, color: "@ink" } }, note);

  /* Without showSendToCloud Plotly 4 shows a button that uploads the chart to its maker's cloud; toImage would need blob: images. */
  const config = { displayModeBar: matchMedia("(pointer: coarse)").matches ? false : "hover", displaylogo: false, responsive: true, showTips: false, showSendToCloud: false, plotlyServerURL: "", modeBarButtons: [["zoomIn2d", "zoomOut2d", "resetScale2d"]] };

  /* After each drawing the resolved colours become var() again and the drawing gets a viewBox: theme and print are then CSS alone. */
  const settle = (plot) => {
    /* Names of windows that would stand over each other: the first one stays, the table has them all. */
    const taken = [];
    plot.querySelectorAll(".annotation").forEach((note) => {
      note.style.visibility = "";
      const box = note.getBoundingClientRect();
      const clash = taken.some((other) => box.left < other.right + 4 && other.left < box.right + 4 && box.top < other.bottom && other.top < box.bottom);
      if (clash) note.style.visibility = "hidden"; else taken.push(box);
    });
    plot.querySelectorAll(".main-svg [style]").forEach(({ style }) => ["fill", "stroke"].forEach((part) => {
      if (names.has(style[part])) style[part] = names.get(style[part]);
    }));
    plot.querySelectorAll(".main-svg").forEach((svg) => {
      const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")];
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.setAttribute("aria-hidden", "true"); /* the group's label and the table speak for it */
      plot.style.setProperty("--ratio", `${width} / ${height}`);
    });
  };
  const draw = async (plot) => {
    const figure = JSON.parse(plot.dataset.figure);
    const layout = merged(template(), figure.layout);
    layout.annotations = (layout.annotations || []).map(annotated);
    const first = !plot.dataset.drawn;
    if (first) plot.replaceChildren();
    plot.dataset.drawn = "yes";
    return Plotly.react(plot, paint(figure.data), paint(layout), config)
      .then(() => { settle(plot); if (first) plot.on("plotly_afterplot", () => settle(plot)); });
  };
  const redraw = () => document.querySelectorAll("[data-figure][data-drawn]").forEach(draw);

  /* Plotly adds a style element for maps when it loads, unless an element with this id is there. A test compares it with the wheel. */
  const mapStyle = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";
  let loading;
  const plotly = () => loading ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("template"), { id: mapStyle }));
    document.head.append(Object.assign(document.createElement("script"), { src: source, onload: resolve, onerror: reject }));
  });
  const wide = matchMedia("(min-width: 62.01rem)");
  const undrawn = (plot) => plot.replaceChildren(Object.assign(document.createElement("p"), { className: "undrawn", textContent: "The chart could not be drawn. Its table has the same figures." }));
  const drawAll = async (part) => {
    const plots = part.querySelectorAll("[data-figure]:not([data-drawn])");
    if (!(await plotly().then(() => window.Plotly, () => null))) return plots.forEach(undrawn);
    for (const plot of plots) {
      await draw(plot).catch(() => undrawn(plot));
      await new Promise((next) => setTimeout(next)); /* the page answers between two drawings */
    }
  };
  /* On a phone not before the first chart comes near the screen: at night it may never need it. */
  const watch = (part) => {
    const plots = part.querySelectorAll("[data-figure]:not([data-drawn])");
    if (!plots.length) return;
    if (wide.matches) return drawAll(part);
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      drawAll(part);
    }, { rootMargin: "400px" });
    plots.forEach((plot) => watcher.observe(plot));
  };

  /* A chart of a panel that is exchanged every few seconds stays (hx-preserve); its data comes anew beside it. A phone keeps the
     server's sketch, which says the same. */
  const freshen = () => {
    const waiting = [...document.querySelectorAll("[data-live]")].filter((plot) => {
      const fresh = document.getElementById(plot.dataset.live)?.dataset.fresh;
      return wide.matches && fresh && fresh !== plot.dataset.figure;
    });
    if (!waiting.length) return;
    /* Each by itself: what one chart meets must not keep the others as they were. The sketch is there where one cannot be drawn. */
    plotly().then(() => waiting.forEach((plot) => {
      const fresh = document.getElementById(plot.dataset.live);
      if (!plot.isConnected || !fresh) return;
      plot.dataset.figure = fresh.dataset.fresh;
      plot.hidden = false;
      plot.setAttribute("aria-label", plot.parentElement.querySelector("svg.sketch")?.getAttribute("aria-label") || "");
      draw(plot).catch(() => { plot.hidden = true; });
    })).catch(() => waiting.forEach((plot) => { plot.hidden = true; }));
  };

  addEventListener("DOMContentLoaded", () => {
    probe = document.body.appendChild(Object.assign(document.createElement("i"), { hidden: true }));
    watch(document);
    freshen();
    addEventListener("beforeprint", () => window.Plotly && document.querySelectorAll("[data-figure]:not([data-drawn])").forEach((plot) => draw(plot).catch(() => undrawn(plot))));
    document.body.addEventListener("htmx:afterSettle", freshen);
    wide.addEventListener("change", freshen);
    new MutationObserver(redraw).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    document.body.addEventListener("htmx:load", (event) => event.detail.elt.parentElement && watch(event.detail.elt.parentElement));
    document.body.addEventListener("htmx:beforeCleanupElement", (event) => { if (window.Plotly && event.target.matches?.("[data-drawn]")) Plotly.purge(event.target); });
  });
})();
