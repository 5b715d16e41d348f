/*
 * The report page in a real browser: what a reader sees, does and hears.
 *
 *   PAGES=DIR node --test report.test.js
 *
 * DIR holds single.html, compare.html and hostile.html, as
 * tests/run_browser.sh makes them; CHROMIUM names the browser.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const PAGES = process.env.PAGES;
const AXE = readFileSync(
    createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SLOW_MS = 180000; // a host may be busy with other tests
const WIDE = { width: 1200, height: 900 };
const NARROW = { width: 400, height: 800 };

let browser;
before(async () => {
    browser = await chromium.launch({
        executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
        args: ["--no-sandbox"],
        timeout: SLOW_MS,
    });
});
after(() => browser.close());

/**
 * Open a page, let `use` look at it, and make sure that it said nothing on
 * the console and asked nobody for anything.
 */
async function withPage(name, options, use) {
    const context = await browser.newContext({ viewport: WIDE, ...options });
    context.setDefaultTimeout(SLOW_MS);
    const page = await context.newPage();
    const url = pathToFileURL(path.join(PAGES, name)).href;
    const requests = [];
    const complaints = [];
    await page.route("**/*", (route) => {
        const asked = route.request().url();
        if (asked === url || asked.startsWith("data:"))
            return route.continue();
        requests.push(asked);
        return route.abort();
    });
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
    await page.goto(url);
    await use(page);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, []);
    await context.close();
}

/** The first chart of a family. */
function chart(page, family) {
    return page.locator(`.chart[data-family="${family}"]`).first();
}

/** Move the pointer to a place on a chart, 0 to 1 from left to right. */
async function point(page, where, share) {
    await where.locator(".plot").scrollIntoViewIfNeeded();
    const box = await where.locator(".plot").boundingBox();
    await page.mouse.move(box.x + share * box.width, box.y + box.height / 2);
    return box;
}

/** Drag from one place on a chart to another. */
async function drag(page, where, from, to) {
    const box = await point(page, where, from);
    await page.mouse.down();
    await page.mouse.move(box.x + (from + to) / 2 * box.width,
        box.y + box.height / 2);
    await page.mouse.move(box.x + to * box.width, box.y + box.height / 2);
    await page.mouse.up();
}

function shown(page) {
    return page.locator(".tools [role=status]").first().textContent();
}

const shapes = (where) => where.locator("path[data-series]").evaluateAll(
    (paths) => paths.filter((path) => !path.hasAttribute("hidden"))
        .map((path) => path.getAttribute("d")));

test("a page loads, with a verdict, tables and charts", async () => {
    for (const name of ["single.html", "compare.html"])
        await withPage(name, {}, async (page) => {
            const verdict = await page.locator(".verdict").first()
                .textContent();
            assert.match(verdict, /stood still|stand still/);
            assert.ok(await page.locator("table").count() > 3);
            assert.ok(await page.locator(".chart svg path").count() > 10);
            for (const d of await shapes(page.locator("body")))
                assert.doesNotMatch(d, /nan|inf/i);
        });
});

test("the pointer shows values in every chart of a scenario", async () => {
    await withPage("compare.html", {}, async (page) => {
        const free = chart(page, "free");
        const before = await free.locator("li .value").textContent();
        await point(page, free, 0.02);
        const moments = await page.locator(".key .moment").allTextContents();
        assert.ok(moments.length > 10);
        assert.equal(new Set(moments).size, 1);
        assert.match(moments[0], /^at \d/);
        const now = await free.locator("li .value").textContent();
        assert.match(now, /[0-9]\u00A0[KM]iB$/);
        assert.notEqual(now, before);
        // what is shown is what the table of numbers has for the beginning
        const first = await free.locator("details tbody tr").first()
            .locator("td").textContent();
        await free.locator(".plot").focus();
        await page.keyboard.press("Home");
        assert.equal(await free.locator("li .value").textContent(), first);
    });
});

test("a series goes off and on, in all charts of its family", async () => {
    await withPage("compare.html", {}, async (page) => {
        const charts = page.locator(".chart[data-family=queues]");
        const counts = async () => Promise.all((await charts.all())
            .map(async (one) => (await shapes(one)).length));
        const before = await counts();
        const shape = (await shapes(charts.first()))[0];
        const button = charts.first().getByRole("button", { name: /^free/ });
        assert.equal(await button.getAttribute("aria-pressed"), "true");
        await button.click();
        assert.equal(await button.getAttribute("aria-pressed"), "false");
        assert.deepEqual(await counts(), before.map((count) => count - 1));
        assert.notEqual((await shapes(charts.first()))[0], shape);
        await button.click();
        assert.equal(await button.getAttribute("aria-pressed"), "true");
        assert.deepEqual(await counts(), before);
    });
});

test("shapes are drawn as they were written once all is shown", async () => {
    await withPage("single.html", {}, async (page) => {
        const places = (d) => d.match(/[\d.]+/g).map(Number);
        for (const family of ["queues", "free", "stall", "faults"]) {
            const before = (await shapes(chart(page, family))).map(places);
            await page.getByRole("button", { name: "Zoom in" }).click();
            await page.getByRole("button", { name: "Show all" }).click();
            const now = (await shapes(chart(page, family))).map(places);
            assert.equal(now.length, before.length);
            now.forEach((path, n) => {
                assert.equal(path.length, before[n].length, family);
                path.forEach((place, i) =>
                    assert.ok(Math.abs(place - before[n][i]) < 0.2,
                        `${family}: ${place} was ${before[n][i]}`));
            });
        }
    });
});

test("a drag zooms every chart, a double click shows all", async () => {
    await withPage("compare.html", {}, async (page) => {
        const whole = await shown(page);
        const other = chart(page, "faults");
        const before = await shapes(other);
        await drag(page, chart(page, "free"), 0.25, 0.5);
        assert.match(await shown(page), / to /);
        assert.notDeepEqual(await shapes(other), before);
        const axes = await page.locator(".axes").evaluateAll((all) =>
            all.map((one) => [...one.querySelectorAll(".x")]
                .map((tick) => tick.textContent).join()));
        assert.equal(new Set(axes).size, 1);
        const box = await point(page, chart(page, "free"), 0.5);
        await page.mouse.dblclick(box.x + box.width / 2,
            box.y + box.height / 2);
        assert.equal(await shown(page), whole);
    });
});

test("everything works by keyboard", async () => {
    await withPage("single.html", {}, async (page) => {
        const plot = chart(page, "free").locator(".plot");
        const text = () => plot.getAttribute("aria-valuetext");
        const whole = await shown(page);
        await plot.focus();
        await page.keyboard.press("Home");
        const first = await text();
        assert.match(first, /^at 0.s, free memory [\d.]+.MiB$/);
        await page.keyboard.press("ArrowRight");
        const second = await text();
        assert.notEqual(second, first);
        await page.keyboard.press("ArrowLeft");
        assert.equal(await text(), first);
        await page.keyboard.press("Shift+ArrowRight");
        assert.notEqual(await text(), second);
        await page.keyboard.press("+");
        assert.match(await shown(page), / to /);
        await page.keyboard.press("0");
        assert.equal(await shown(page), whole);
        const button = chart(page, "stall").getByRole("button").first();
        await button.focus();
        await page.keyboard.press("Enter");
        assert.equal(await button.getAttribute("aria-pressed"), "false");
        await page.keyboard.press("Space");
        assert.equal(await button.getAttribute("aria-pressed"), "true");
        const outline = await button.evaluate(
            (one) => getComputedStyle(one).outlineStyle);
        assert.equal(outline, "solid");
    });
});

test("without scripts nothing but the moving parts is missing", async () => {
    await withPage("single.html", { javaScriptEnabled: false },
        async (page) => {
            assert.ok(await page.locator(".chart svg path").count() > 10);
            assert.ok(await page.locator(".axes .x").count() > 10);
            assert.ok(await page.locator(".key li .value").count() > 10);
            assert.equal(await page.locator("button").count(), 0);
            const box = await chart(page, "queues").locator("svg").first()
                .boundingBox();
            assert.ok(box.width > 500 && box.height > 150);
            await chart(page, "free").locator("summary").click();
            assert.ok(await chart(page, "free").locator("td").first()
                .isVisible());
        });
});

test("names in a results file are text, whatever they hold", async () => {
    await withPage("hostile.html", {}, async (page) => {
        assert.equal(await page.locator("img, iframe, base").count(), 0);
        assert.equal(await page.evaluate("window.broken"), undefined);
        assert.match(await page.locator("h1").textContent(),
            /<\/script><script>window\.broken = 1<\/script>/);
        assert.match(await page.locator("pre").first().textContent(),
            /<!-- <script> & "quotes" \u2028/);
        const names = (await page.locator(".key .label").allTextContents())
            .join();
        assert.match(names, /<img src=x onerror="window\.broken=2">/);
        // one script of ours and numbers for it: no other
        const kinds = await page.locator("script").evaluateAll((all) =>
            all.map((one) => one.type || "script"));
        assert.equal(kinds.filter((kind) => kind === "script").length, 1);
    });
});

test("no page is wider than a telephone", async () => {
    for (const name of ["single.html", "compare.html", "hostile.html"])
        await withPage(name, { viewport: NARROW }, async (page) => {
            const width = await page.evaluate(
                "document.documentElement.scrollWidth");
            assert.ok(width <= NARROW.width, `${name}: ${width}`);
            const svg = await chart(page, "queues").locator("svg").first()
                .boundingBox();
            assert.ok(svg.width > 250);
        });
});

for (const colorScheme of ["light", "dark"])
    for (const [size, viewport] of [["wide", WIDE], ["narrow", NARROW]])
        test(`accessible: ${colorScheme}, ${size}`, async () => {
            for (const name of ["single.html", "compare.html"])
                await withPage(name, { colorScheme, viewport },
                    async (page) => {
                        await page.evaluate(() => {
                            for (const one of
                                document.querySelectorAll("details"))
                                one.open = true;
                        });
                        await page.evaluate(AXE);
                        const { violations } = await page.evaluate(
                            "axe.run(document)");
                        assert.deepEqual(violations.map((one) => [one.id,
                            one.nodes.length, one.nodes[0].html,
                            one.nodes[0].failureSummary]), []);
                    });
        });
