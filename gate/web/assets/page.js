// What pages do better with a script: filter and sort the table of tests, and
// histories to zoom into and to look at point by point.
"use strict";

function sortKey(row, column) {
	const cell = row.cells[column];
	const number = cell.dataset.sort;
	return number === undefined ? cell.textContent.trim() : Number(number);
}

function sortBy(table, column, descending) {
	const body = table.tBodies[0];
	const rows = Array.from(body.rows);
	rows.sort((a, b) => {
		const x = sortKey(a, column), y = sortKey(b, column);
		const order = typeof x === "number" && typeof y === "number" ?
			x - y : String(x).localeCompare(String(y));
		return descending ? -order : order;
	});
	body.append(...rows);
}

function makeSortable(table) {
	Array.from(table.tHead.rows[0].cells).forEach((cell, column) => {
		const button = document.createElement("button");
		button.type = "button";
		button.textContent = cell.textContent;
		button.addEventListener("click", () => {
			const down = cell.getAttribute("aria-sort") === "ascending";
			for (const other of table.tHead.rows[0].cells)
				other.removeAttribute("aria-sort");
			cell.setAttribute("aria-sort",
				down ? "descending" : "ascending");
			sortBy(table, column, down);
		});
		cell.replaceChildren(button);
	});
}

function makeFilter(form, table) {
	const input = form.querySelector("input");
	form.hidden = false;
	form.addEventListener("submit", (event) => event.preventDefault());
	input.addEventListener("input", () => {
		const wanted = input.value.toLowerCase();
		for (const row of table.tBodies[0].rows)
			row.hidden = !row.textContent.toLowerCase().includes(wanted);
	});
}

const tests = document.querySelector("table.tests");
if (tests) {
	makeSortable(tests);
	makeFilter(document.querySelector("form.filter"), tests);
}

// A history as the server's JSON has it, with the colours of the style sheet.
function colour(name) {
	return getComputedStyle(document.documentElement)
		.getPropertyValue("--" + name).trim();
}

const units = {
	ns: [[1e9, "s"], [1e6, "ms"], [1e3, "us"], [1, "ns"]],
	B: [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "B"]],
};

function withUnit(value, unit) {
	if (value === null || value === undefined)
		return "-";
	const rows = units[unit] || [[1, unit === "1" ? "" : unit]];
	const [size, name] = rows.find(([size]) => Math.abs(value) >= size) ||
		rows[rows.length - 1];
	return Number((value / size).toPrecision(4)) + (name ? " " + name : "");
}

// Vertical lines where a change or an epoch begins.
function drawMarks(plot, history) {
	const marks = history.changes.map((change) => [change.at,
		(change.ratio > 1) === (history.better === "higher") ?
			"better" : "worse"])
		.concat(history.epochs.map((epoch) => [epoch.at, "epoch"]))
		.concat(history.baselines.map((base) => [base.at, "baseline"]));
	for (const [at, kind] of marks) {
		const x = plot.valToPos(at - 0.5, "x", true);
		if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width)
			continue;
		plot.ctx.strokeStyle =
			colour(kind === "baseline" ? "quiet" : kind);
		plot.ctx.lineWidth = 2 * devicePixelRatio;
		plot.ctx.setLineDash({ epoch: [8, 8], baseline: [2, 8] }[kind] ||
			[]);
		plot.ctx.beginPath();
		plot.ctx.moveTo(x, plot.bbox.top);
		plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
		plot.ctx.stroke();
		plot.ctx.setLineDash([]);
	}
}

// What the point under the pointer is: commit, author, subject.
function tell(note, history, index) {
	const point = history.points[index];
	if (!point)
		return;
	note.replaceChildren();
	const link = document.createElement("a");
	link.className = "hash";
	link.href = "../commit/" + point.commit + ".html";
	link.textContent = point.commit.slice(0, 10);
	const marks = history.baselines.filter((base) => base.at === index)
		.map((base) => "baseline: " + base.why)
		.concat(history.epochs.filter((epoch) => epoch.at === index)
			.map((epoch) => "new epoch: " + epoch.why))
		.concat(history.changes.filter((change) => change.at === index)
			.map((change) => "change point"));
	note.append(link, " " + withUnit(point.value, history.unit) + "  " +
		new Date(point.time * 1000).toISOString().slice(0, 16)
			.replace("T", " ") +
		(point.backfilled ? "  backfilled" : "") +
		(point.author ? "  " + point.author + ": " + point.subject : "") +
		(marks.length ? "  (" + marks.join(", ") + ")" : ""));
}

function moveTo(plot, history, index) {
	const point = history.points[index];
	if (!point)
		return;
	const { min, max } = plot.scales.x;
	if (index < min || index > max)
		plot.setScale("x", { min: index - (max - min) / 2,
			max: index + (max - min) / 2 });
	plot.setCursor({ left: plot.valToPos(index, "x"),
		top: plot.valToPos(point.value, "y") });
}

// Half or twice of what is seen, around the point that is looked at.
function zoom(plot, history, factor) {
	const { min, max } = plot.scales.x, last = history.points.length - 1;
	const middle = plot.cursor.idx ?? (min + max) / 2;
	const width = Math.max(4, (max - min) * factor);
	plot.setScale("x", { min: Math.max(0, middle - width / 2),
		max: Math.min(last, middle + width / 2) });
}

function useKeys(plot, history) {
	const last = history.points.length - 1;
	const step = (by) => () => moveTo(plot, history,
		Math.min(last, Math.max(0, (plot.cursor.idx ?? last) + by)));
	const keys = {
		ArrowLeft: step(-1), ArrowRight: step(1),
		PageUp: step(-20), PageDown: step(20),
		Home: step(-last), End: step(last),
		"+": () => zoom(plot, history, .5),
		"-": () => zoom(plot, history, 2),
		"0": () => plot.setScale("x", { min: 0, max: last }),
	};
	plot.root.tabIndex = 0;
	plot.root.addEventListener("keydown", (event) => {
		const act = keys[event.key];
		if (!act || event.ctrlKey || event.altKey || event.metaKey)
			return;
		event.preventDefault();
		act();
	});
}

function plotOptions(figure, note, history) {
	const axis = { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 },
		ticks: { stroke: colour("line") } };
	return {
		width: Math.max(300, figure.clientWidth), height: 300,
		scales: { x: { time: false } },
		legend: { show: false },
		cursor: { drag: { x: true, y: false } },
		axes: [{ ...axis, size: 34, space: 90, values: (plot, ticks) => ticks.map((at) =>
				Number.isInteger(at) && history.points[at] ?
				history.points[at].commit.slice(0, 7) : "") },
			{ ...axis, size: 80, values: (plot, ticks) => ticks.map(
				(value) => withUnit(value, history.unit)) }],
		series: [{},
			{ stroke: "transparent", points: { show: false } },
			{ stroke: "transparent", points: { show: false } },
			{ stroke: colour("plot"), width: 1.5 }],
		bands: [{ series: [2, 1], fill: colour("band") }],
		hooks: {
			setCursor: [(plot) => tell(note, history, plot.cursor.idx)],
			draw: [(plot) => drawMarks(plot, history)],
		},
	};
}

function drawHistory(figure, history) {
	// Too few trials have no interval: low is 0, high is not known.
	const ends = (name) => history.points.map((point) =>
		point.low > 0 && point.high !== null && point.base !== null ?
			point[name] * point.base : point.value);
	const data = [history.points.map((point, at) => at), ends("low"),
		ends("high"), history.points.map((point) => point.value)];
	const label = figure.querySelector("svg").getAttribute("aria-label");
	const note = document.createElement("figcaption");
	const hint = document.createElement("p");
	hint.className = "quiet";
	hint.textContent = "drag to zoom in, double-click to see all again; " +
		"keys: arrows, + and -, 0";
	note.setAttribute("aria-live", "polite");
	figure.replaceChildren(hint);
	const plot = new uPlot(plotOptions(figure, note, history), data, figure);
	plot.root.setAttribute("role", "img");
	plot.root.setAttribute("aria-label", label);
	figure.append(note);
	useKeys(plot, history);
	tell(note, history, history.points.length - 1);
	new ResizeObserver(() => plot.setSize({
		width: Math.max(300, figure.clientWidth), height: 300 }))
		.observe(figure);
	return plot;
}

// Without the library, the data or a server, the plots that are there stay.
async function drawHistories(figures) {
	const answer = await fetch(location.pathname.replace(/html$/, "json"));
	if (!answer.ok)
		return;
	const page = await answer.json();
	for (const figure of figures)
		drawHistory(figure, page.histories[figure.dataset.history]);
	document.documentElement.dataset.plots = "drawn";
}

const figures = Array.from(document.querySelectorAll("figure[data-history]"));
if (figures.length && window.uPlot && location.protocol !== "file:")
	drawHistories(figures).catch(() => {});
