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
	note.replaceChildren();
	if (!point)
		return;
	const link = document.createElement("a");
	link.className = "hash";
	link.href = "../commit/" + point.commit + ".html";
	link.textContent = point.commit.slice(0, 10);
	note.append(link, " " + withUnit(point.value, history.unit) + "  " +
		new Date(point.time * 1000).toISOString().slice(0, 16)
			.replace("T", " ") +
		(point.backfilled ? "  backfilled" : "") +
		(point.author ? "  " + point.author + ": " + point.subject : ""));
}

function plotOptions(figure, note, history) {
	const axis = { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 },
		ticks: { stroke: colour("line") } };
	return {
		width: Math.max(300, figure.clientWidth), height: 300,
		scales: { x: { time: false } },
		legend: { show: false },
		cursor: { drag: { x: true, y: false } },
		axes: [{ ...axis, space: 90, values: (plot, ticks) => ticks.map((at) =>
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
	const ends = (name) => history.points.map((point) =>
		point[name] === null || point.base === null ? point.value :
			point[name] * point.base);
	const data = [history.points.map((point, at) => at), ends("low"),
		ends("high"), history.points.map((point) => point.value)];
	const label = figure.querySelector("svg").getAttribute("aria-label");
	const note = document.createElement("figcaption");
	const hint = document.createElement("p");
	hint.className = "quiet";
	hint.textContent = "drag to zoom in, double-click to see all again";
	figure.replaceChildren(hint);
	const plot = new uPlot(plotOptions(figure, note, history), data, figure);
	plot.root.setAttribute("role", "img");
	plot.root.setAttribute("aria-label", label);
	figure.append(note);
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
