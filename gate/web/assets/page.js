// What pages do better with a script: filter and sort the table of tests.
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
