// The pages in a real browser: drawn, filtered, zoomed, dark, without a script,
// without a request elsewhere, and what axe finds. TAP on stdout.
//   pages.mjs MODULES BASE-URL STORY-URL SLOW,BROKEN,HOSTILE [SCREENSHOTS]
// BASE-URL: a large generated store. STORY-URL: the repository of story.sh, and
// three of its commits.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import assert from "node:assert";

const [modules, base, story, named, shots] = process.argv.slice(2);
const [slow, broken, hostile] = named.split(",");
const require = createRequire(modules + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
	args: ["--no-sandbox"],
});
let number = 0, failed = 0;
const large = base;

// A page of its own; what its console and its network say is part of the test.
async function open(path, options = {}, base = large) {
	const context = await browser.newContext(options);
	const page = await context.newPage();
	page.troubles = [];
	page.on("console", (line) => line.type() === "error" &&
		page.troubles.push("console: " + line.text()));
	page.on("pageerror", (error) => page.troubles.push(String(error)));
	page.on("request", (request) => request.url().startsWith(base + "/") ||
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
await test("keys move along a history, and zoom", async () => {
	const page = await open(longTest);
	await page.waitForSelector("html[data-plots=drawn]");
	const hash = () => page.locator(".plot figcaption a").first()
		.textContent();
	const right = async () => {
		await page.keyboard.press("End");
		return hash();
	};
	await page.locator(".uplot").first().focus();
	await page.keyboard.press("Home");
	const first = await hash();
	await page.keyboard.press("ArrowRight");
	assert.notStrictEqual(await hash(), first);
	await page.keyboard.press("ArrowLeft");
	assert.strictEqual(await hash(), first);
	assert.notStrictEqual(await right(), first);
	await page.keyboard.press("Home");
	for (let i = 0; i < 4; i++)
		await page.keyboard.press("+");
	const box = await page.locator(".u-over").first().boundingBox();
	await page.mouse.move(box.x + box.width * .95, box.y + 50);
	const near = await hash();
	await page.keyboard.press("0");
	await page.mouse.move(box.x + box.width * .94, box.y + 50);
	assert.notStrictEqual(await hash(), near);
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
const told = (path, options) => open(path, options, story);
await test("real sessions: the overview of a history", async () => {
	const page = await told("/");
	const text = await page.locator("main").textContent();
	assert.match(text, /since v1\.0/);
	assert.match(text, /by Grace Hopper/);
	assert.match(await page.locator("section", { hasText: "that stand" })
		.first().textContent(), /gc-minor/);
	return page;
});
await test("hover tells author and message", async () => {
	const page = await told("/test/perf~gc-minor.html");
	await page.waitForSelector("html[data-plots=drawn]");
	await page.locator(".uplot").first().focus();
	await page.keyboard.press("Home");
	assert.match(await page.locator(".plot figcaption").first()
		.textContent(), /Ada: perf: four tests {2}\(baseline: new\)/);
	assert.match(await page.locator("main").textContent(),
		/severe.*Linus.*gc: write barrier/);
	return page;
});
await test("a commit that was slower: trials, and what to do", async () => {
	const page = await told(`/commit/${slow}.html`);
	const text = await page.locator("main").textContent();
	assert.match(text, /severe: perf\/gc-minor/);
	assert.match(text, /pacegate run [0-9a-f]{10} [0-9a-f]{10} --test/);
	assert.match(text, /Perf-Accept: perf\/gc-minor/);
	assert.ok(await page.locator("svg.trials circle.base").count() > 5);
	return page;
});
await test("one that does not build has the end of the log", async () => {
	const page = await told(`/commit/${broken}.html`,
		{ javaScriptEnabled: false });
	assert.ok(await page.getByText("planted: no rule to make it").first()
		.isVisible());
	return page;
});
await test("hostile names and messages are text", async () => {
	const page = await told(`/commit/${hostile}.html`);
	const html = await page.content();
	assert.ok(!html.includes("<script>alert") && !html.includes("<img src"));
	// Nothing that turns the order of what is read.
	assert.ok(!/[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]/.test(html));
	assert.ok((await page.locator("main").textContent()).length < 10000);
	await page.locator("main a", { hasText: "onerror" }).first().click();
	await page.waitForLoadState("networkidle");
	assert.match(await page.title(), /<img src=x onerror=alert\(1\)>/);
	return page;
});
await test("a phone shows a commit without a page wider than it", async () => {
	const page = await told(`/commit/${hostile}.html`,
		{ viewport: { width: 360, height: 740 } });
	assert.ok(await page.evaluate(
		() => document.documentElement.scrollWidth) <= 360);
	return page;
});
await test("compare, asked and not", async () => {
	const page = await told("/compare.html");
	assert.match(await page.locator("tbody").textContent(), /perf\/sort/);
	assert.strictEqual(await page.inputValue("input[name=a]"), "v1.0");
	await page.fill("input[name=b]", slow);
	await page.click("button");
	await page.waitForLoadState("networkidle");
	assert.match(page.url(), /compare\.html\?a=v1\.0&b=/);
	assert.match(await page.locator("tbody").textContent(), /gc-minor/);
	return page;
});
for (const path of ["/", "/test/perf~gc-minor.html", `/commit/${slow}.html`,
	`/commit/${broken}.html`, `/commit/${hostile}.html`, "/compare.html",
	"/ledger.html"]) {
	for (const options of [{}, { colorScheme: "dark",
		viewport: { width: 360, height: 740 } }]) {
		await test(`axe finds nothing in the story's ${path.slice(0, 20)}, ` +
			(options.colorScheme || "light"), async () => {
			const page = await told(path, options);
			assert.deepStrictEqual(await violations(page), []);
			return page;
		});
	}
}
await browser.close();
console.log(`1..${number}`);
process.exit(failed ? 1 : 0);
