// The pages in a real browser: drawn, filtered, zoomed, dark, without a script,
// without a request elsewhere, and what axe finds. TAP on stdout.
//   pages.mjs MODULES BASE-URL [DIRECTORY-FOR-SCREENSHOTS]
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import assert from "node:assert";

const [modules, base, shots] = process.argv.slice(2);
const require = createRequire(modules + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
	args: ["--no-sandbox"],
});
let number = 0, failed = 0;

// A page of its own; what its console and its network say is part of the test.
async function open(path, options = {}) {
	const context = await browser.newContext(options);
	const page = await context.newPage();
	page.troubles = [];
	page.on("console", (line) => line.type() === "error" &&
		page.troubles.push("console: " + line.text()));
	page.on("pageerror", (error) => page.troubles.push(String(error)));
	page.on("request", (request) => request.url().startsWith(base) ||
		page.troubles.push("request to " + request.url()));
	page.on("dialog", (dialog) => {
		page.troubles.push("dialog: " + dialog.message());
		dialog.dismiss();
	});
	await page.goto(base + path, { waitUntil: "networkidle" });
	return page;
}

async function test(name, fn) {
	number++;
	try {
		const page = await fn();
		if (page) {
			assert.deepStrictEqual(page.troubles, []);
			await page.context().close();
		}
		console.log(`ok ${number} - ${name}`);
	} catch (error) {
		failed++;
		console.log(`not ok ${number} - ${name}`);
		console.log(String(error.stack || error).replace(/^/gm, "# "));
	}
}

async function shoot(page, name) {
	if (shots)
		await page.screenshot({ path: `${shots}/${name}.png`,
			fullPage: true });
}

// axe runs in a world of its own: the page's policy forbids it in the page's.
async function violations(page) {
	const client = await page.context().newCDPSession(page);
	const { frameTree } = await client.send("Page.getFrameTree");
	const { executionContextId } = await client.send(
		"Page.createIsolatedWorld", { frameId: frameTree.frame.id });
	await client.send("Runtime.evaluate", { expression: axe,
		contextId: executionContextId });
	const { result } = await client.send("Runtime.evaluate", {
		expression: `axe.run(document).then((all) => JSON.stringify(
			all.violations.map((one) => [one.id,
				one.nodes.map((node) => node.html).slice(0, 3)])))`,
		contextId: executionContextId, awaitPromise: true });
	return JSON.parse(result.value);
}

const visible = (page) => page.locator("table.tests tbody tr:visible").count();
const longTest = "/test/perf~suite-05~case-5.html";
const commit = "/commit/" +
	createHash("sha1").update("200").digest("hex") + ".html";

await test("the overview shows a row and a plot for each test", async () => {
	const page = await open("/");
	const rows = await page.locator("table.tests tbody tr").count();
	assert.ok(rows > 10);
	assert.strictEqual(await page.locator("svg.spark path").count(), rows);
	const [wide, seen] = await page.$eval("div.scroll",
		(box) => [box.scrollWidth, box.clientWidth]);
	assert.ok(wide <= seen, "a long name leaves the rest in sight");
	await shoot(page, "overview");
	return page;
});
await test("filter", async () => {
	const page = await open("/");
	await page.fill("#filter", "case-7");
	assert.strictEqual(await visible(page), 1);
	await page.fill("#filter", "");
	assert.ok(await visible(page) > 10);
	return page;
});
await test("sort, with the keyboard too", async () => {
	const page = await open("/");
	const button = page.locator("thead button", { hasText: "now" });
	const numbers = () => page.$$eval("table.tests tbody tr",
		(rows) => rows.map((row) => Number(row.cells[3].dataset.sort)));
	await button.focus();
	await page.keyboard.press("Enter");
	const up = await numbers();
	assert.deepStrictEqual(up, up.slice().sort((a, b) => a - b));
	await button.click();
	assert.deepStrictEqual(await numbers(), up.slice().reverse());
	return page;
});
await test("a history is drawn, with its changes", async () => {
	const page = await open(longTest);
	await page.waitForSelector("html[data-plots=drawn]");
	assert.strictEqual(await page.locator(".uplot canvas").count(), 2);
	const drawn = await page.$eval(".uplot canvas", (canvas) => {
		const bits = canvas.getContext("2d").getImageData(0, 0,
			canvas.width, canvas.height).data;
		return bits.some((bit) => bit !== 0);
	});
	assert.ok(drawn);
	assert.ok(await page.locator("caption:has-text('change points')")
		.count() > 0);
	await shoot(page, "test");
	return page;
});
await test("hover tells the commit", async () => {
	const page = await open(longTest);
	await page.waitForSelector("html[data-plots=drawn]");
	const box = await page.locator(".u-over").first().boundingBox();
	await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
	const first = await page.locator(".plot figcaption").first()
		.textContent();
	await page.mouse.move(box.x + 2 * box.width / 3, box.y + box.height / 2);
	const second = await page.locator(".plot figcaption").first()
		.textContent();
	assert.match(first, /^[0-9a-f]{10} .* 20\d\d-/);
	assert.notStrictEqual(first, second);
	return page;
});
await test("zoom, and back", async () => {
	const page = await open(longTest);
	await page.waitForSelector("html[data-plots=drawn]");
	const over = page.locator(".u-over").first();
	const box = await over.boundingBox();
	const hash = () => page.locator(".plot figcaption a").first()
		.textContent();
	const at = async (share) => {
		await page.mouse.move(box.x + box.width * share, box.y + 50);
		return hash();
	};
	const wide = [await at(.05), await at(.95)];
	await page.mouse.move(box.x + box.width * .4, box.y + 50);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * .6, box.y + 50, { steps: 5 });
	await page.mouse.up();
	const near = [await at(.05), await at(.95)];
	assert.notDeepStrictEqual(near, wide);
	await over.dblclick();
	assert.deepStrictEqual([await at(.05), await at(.95)], wide);
	return page;
});
await test("hostile names do nothing", async () => {
	const page = await open("/");
	await page.locator("table.tests a", { hasText: "alert(1)" }).first()
		.click();
	await page.waitForLoadState("networkidle");
	assert.match(await page.title(), /<script>alert\(1\)<\/script>/);
	return page;
});
await test("dark", async () => {
	const page = await open("/", { colorScheme: "dark" });
	const back = await page.$eval("body",
		(body) => getComputedStyle(body).backgroundColor);
	assert.strictEqual(back, "rgb(13, 17, 23)");
	await shoot(page, "dark");
	return page;
});
await test("on a phone nothing is wider than the screen", async () => {
	const page = await open(longTest,
		{ viewport: { width: 360, height: 740 } });
	const width = await page.evaluate(
		() => document.documentElement.scrollWidth);
	assert.ok(width <= 360, `${width}`);
	await shoot(page, "phone");
	return page;
});
await test("without a script", async () => {
	const page = await open(longTest, { javaScriptEnabled: false });
	assert.ok(await page.locator("svg.history .line").count() > 0);
	assert.ok(await page.locator("table").count() > 0);
	return page;
});
await test("a page that is not there says so", async () => {
	const page = await open("/test/nosuch.html");
	assert.match(await page.locator("main").textContent(), /no history/);
	page.troubles = page.troubles.filter((line) => !line.includes("404"));
	return page;
});
for (const [path, scheme] of [["/", "light"], ["/", "dark"],
	[longTest, "light"], [longTest, "dark"], [commit, "light"],
	["/ledger.html", "light"], ["/compare.html", "dark"]]) {
	await test(`axe finds nothing in ${path}, ${scheme}`, async () => {
		const page = await open(path, { colorScheme: scheme });
		assert.deepStrictEqual(await violations(page), []);
		return page;
	});
}
await browser.close();
console.log(`1..${number}`);
process.exit(failed ? 1 : 0);
