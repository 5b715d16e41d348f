/*
 * What a report can do when scripts run: values under the pointer, in all
 * charts of a scenario at once; series that go on and off; one zoom for all.
 *
 * A chart is complete as it is written. Nothing is drawn anew before somebody
 * zooms or switches a series; then shapes are made from the numbers that stand
 * beside each chart, by the same rules as when the page was written.
 */
"use strict";
(() => {
    const WIDTH = 1000; // of the SVG's own units
    const NO_BREAK = "\u00A0";
    const LEVELS = ["normal", "warning", "critical", "nearly out of memory",
        "out of memory"];

    // --- numbers ------------------------------------------------------------

    /** Three digits that mean something: 0.00137, 1.73, 45.2, 1,234. */
    function number(value) {
        const size = Math.abs(value);
        if (size >= 999.5)
            return Math.round(value).toLocaleString("en-US");
        if (size === 0)
            return "0";
        if (size < 1e-4)
            return value.toExponential(2);
        const decimals = Math.max(0, 2 - Math.floor(Math.log10(size)));
        return String(Number(value.toFixed(decimals)));
    }

    /** What a value of a chart's unit is called: 3.7 MiB, 8 KiB, 4.76%. */
    function amount(value, unit) {
        if (unit === "%" && value > 0 && value < 1e-3)
            return "<0.001%";
        if (unit === "MiB" && value < 1)
            return value < 1 / 1024 ? number(value * 1048576) + NO_BREAK + "B"
                : number(value * 1024) + NO_BREAK + "KiB";
        return number(value) + (unit === "MiB" ? NO_BREAK : "") + unit;
    }

    /** 481 µs, 1.04 s, 2 min 10 s. */
    function time(seconds) {
        const size = Math.abs(seconds);
        if (size >= 120) {
            const whole = Math.round(size * 10) / 10;
            const rest = Math.round((whole % 60) * 10) / 10;
            return Math.floor(whole / 60) + NO_BREAK + "min" +
                (rest > 0 ? NO_BREAK + rest + NO_BREAK + "s" : "");
        }
        if (size === 0 || size >= 0.9995)
            return number(seconds) + NO_BREAK + "s";
        if (size >= 0.9995e-3)
            return number(seconds * 1e3) + NO_BREAK + "ms";
        if (size >= 0.9995e-6)
            return number(seconds * 1e6) + NO_BREAK + "µs";
        return number(seconds * 1e9) + NO_BREAK + "ns";
    }

    /** The same on an axis to `end`: 2:30 min where it is long. */
    function axisTime(seconds, end) {
        if (seconds === 0)
            return "0";
        if (end < 120 || Math.abs(seconds - Math.round(seconds)) > 1e-9)
            return time(seconds);
        const whole = Math.round(seconds);
        return `${Math.floor(whole / 60)}:` +
            `${String(whole % 60).padStart(2, "0")}${NO_BREAK}min`;
    }

    /** 20 k, 3 M: on an axis. */
    function short(value) {
        if (value >= 1e9)
            return number(value / 1e9) + " G";
        if (value >= 1e6)
            return number(value / 1e6) + " M";
        return value >= 1e3 ? number(value / 1e3) + " k" : number(value);
    }

    /** 1, 2 or 5 times a power of ten, with at most `most` steps to `end`. */
    function step(end, most) {
        const power = Math.pow(10, Math.floor(Math.log10(end / most)));
        for (const factor of [1, 2, 5])
            if (end / (factor * power) <= most * (1 + 1e-9))
                return factor * power;
        return 10 * power;
    }

    /** Minutes have sixty seconds. */
    function timeStep(length) {
        if (length >= 120)
            for (const seconds of [20, 30, 60, 120, 300, 600, 900, 1800, 3600,
                7200])
                if (length <= 6 * seconds)
                    return seconds;
        return step(length, 6);
    }

    /** The last index whose time is not after `at`; 0 before the first. */
    function indexAt(times, at) {
        let low = 0, high = times.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (times[middle] <= at)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    function element(name, className, parent) {
        const made = document.createElement(name);
        made.className = className;
        parent.append(made);
        return made;
    }

    // --- a chart ------------------------------------------------------------

    class Chart {
        constructor(box, group) {
            this.box = box;
            this.group = group;
            this.type = box.dataset.type;
            this.family = box.dataset.family;
            this.plot = box.querySelector(".plot");
            this.svg = this.plot.querySelector("svg");
            this.height = this.svg.viewBox.baseVal.height;
            this.data = JSON.parse(box.querySelector("script").textContent);
            this.max = this.data.max;
            this.suffix = (this.data.unit === "MiB" ? NO_BREAK : "") +
                this.data.unit;
            this.title = box.querySelector(".title").textContent;
            this.subject = box.closest(".panel").querySelector("h4").textContent;
            this.moment = box.querySelector(".moment");
            this.paths = new Map();
            for (const path of this.svg.querySelectorAll("path[data-series]"))
                this.paths.set(Number(path.dataset.series), path);
            this.over = this.plot.querySelector(".over");
            this.cursor = element("i", "cursor", this.over);
            this.cursor.hidden = true;
            this.keys = [];
            for (const item of box.querySelectorAll(".key li"))
                this.keys.push(this.makeKey(item));
            this.listen();
        }

        // A name of the key becomes a switch.
        makeKey(item) {
            const series = Number(item.dataset.series);
            const button = document.createElement("button");
            button.type = "button";
            button.setAttribute("aria-pressed", "true");
            button.append(...item.childNodes);
            item.append(button);
            button.addEventListener("click",
                () => this.group.toggle(this.family, series));
            return {series, button, value: button.querySelector(".value"),
                label: button.querySelector(".label").textContent};
        }

        isShown(series) {
            return !this.group.isHidden(this.family, series);
        }

        // --- what is drawn --------------------------------------------------

        x(at) {
            const [from, to] = this.group.window;
            return WIDTH * (at - from) / (to - from);
        }

        share(value) {
            const share = this.data.log
                ? Math.log10(1 + value) / Math.log10(1 + this.max)
                : value / this.max;
            return Math.min(Math.max(share, 0), 1);
        }

        /** The highest value of what is shown, over all of the time. */
        peak() {
            let peak = 0;
            const shown = this.data.series.filter((_, n) => this.isShown(n));
            for (let r = 0; r < this.data.at.length; r++) {
                let sum = 0;
                for (const cells of shown)
                    sum = this.type === "areas" ? sum + cells[r]
                        : Math.max(sum, cells[r]);
                peak = Math.max(peak, sum);
            }
            return peak;
        }

        /** Indices of the samples that are seen, and of one on either side. */
        range() {
            const [from, to] = this.group.window;
            const times = this.data.at;
            return [indexAt(times, from),
                Math.min(indexAt(times, to) + 2, times.length)];
        }

        line(cells, isSteps) {
            const [first, end] = this.range();
            let path = "";
            for (let r = first; r < end; r++) {
                const x = this.x(this.data.at[r]).toFixed(2);
                const y = (this.height * (1 - this.share(cells[r]))).toFixed(2);
                path += r === first ? `M${x} ${y}`
                    : isSteps ? `H${x}V${y}` : `L${x} ${y}`;
            }
            return path;
        }

        area(series) {
            const [first, end] = this.range();
            const sums = new Array(this.data.at.length).fill(0);
            for (let n = 0; n <= series; n++)
                if (this.isShown(n))
                    for (let r = first; r < end; r++)
                        sums[r] += this.data.series[n][r];
            return this.line(sums, false) + `V${this.height}H` +
                `${this.x(this.data.at[first]).toFixed(2)}Z`;
        }

        rangeShape(series) {
            const low = this.line(this.data.low[series], true);
            const [first, end] = this.range();
            const high = this.data.high[series];
            let path = low;
            for (let r = end - 1; r >= first; r--) {
                const x = this.x(this.data.at[r]).toFixed(2);
                const at = Math.max(r - 1, first);
                const y = this.height * (1 - this.share(high[at]));
                path += `L${x} ${y.toFixed(2)}`;
                if (r > first)
                    path += `H${this.x(this.data.at[r - 1]).toFixed(2)}`;
            }
            return path + "Z";
        }

        drawSeries() {
            for (const [series, path] of this.paths) {
                const isShown = this.isShown(series);
                path.toggleAttribute("hidden", !isShown);
                if (isShown)
                    path.setAttribute("d", this.type === "areas"
                        ? this.area(series)
                        : this.line(this.data.series[series],
                            this.type === "steps"));
            }
            for (const path of this.svg.querySelectorAll("path[data-range]")) {
                const series = Number(path.dataset.range);
                path.toggleAttribute("hidden", !this.isShown(series));
                path.setAttribute("d", this.rangeShape(series));
            }
        }

        drawBands() {
            const bands = this.svg.querySelectorAll(".bands rect");
            bands.forEach((rect, n) => {
                const [from, to] = this.data.bands[n];
                rect.setAttribute("x", this.x(from).toFixed(2));
                rect.setAttribute("width",
                    (this.x(to) - this.x(from)).toFixed(2));
            });
        }

        drawAxes() {
            const axes = this.plot.querySelector(".axes");
            const [from, to] = this.group.window;
            for (const tick of axes.querySelectorAll(".x"))
                tick.remove();
            const every = timeStep(to - from);
            for (let n = Math.ceil(from / every - 1e-9); n * every <=
                to + every * 1e-6; n++) {
                const at = n * every;
                const tick = element("span", "x", axes);
                const share = (at - from) / (to - from);
                if (share < 0.03)
                    tick.classList.add("first");
                else if (share > 0.97)
                    tick.classList.add("last");
                tick.style.left = `${100 * share}%`;
                tick.textContent = axisTime(Number(at.toPrecision(12)),
                    this.data.end);
            }
            if (this.type !== "levels" && !this.data.log)
                this.drawValueAxis(axes);
        }

        drawValueAxis(axes) {
            for (const tick of axes.querySelectorAll(".y"))
                tick.remove();
            const most = this.height < 100 ? 2 : this.height < 180 ? 4 : 6;
            const every = step(this.max, most);
            for (let n = 0; n * every <= this.max * (1 + 1e-9); n++) {
                const tick = element("span", "y", axes);
                tick.style.bottom = `${100 * this.share(n * every)}%`;
                element("i", "", tick).textContent = short(n * every) +
                    (n > 0 ? this.suffix : "");
            }
        }

        draw() {
            this.box.classList.toggle("is-changed", this.group.isChanged());
            this.drawSeries();
            this.drawBands();
            this.drawAxes();
            for (const marker of this.over.querySelectorAll(".marker")) {
                const x = this.x(Number(marker.dataset.at));
                marker.hidden = x < 0 || x > WIDTH;
                marker.style.left = `${100 * x / WIDTH}%`;
            }
            for (const key of this.keys)
                key.button.setAttribute("aria-pressed",
                    String(this.isShown(key.series)));
        }

        // --- values under the cursor ----------------------------------------

        level(at) {
            const band = this.data.bands.find(([from, to]) =>
                at >= from && (at < to || (to === this.data.end && at === to)));
            return LEVELS[band ? band[2] : 0];
        }

        /** Lines between samples are no values: the nearest sample counts. */
        sampleAt(at) {
            const times = this.data.at;
            const row = indexAt(times, at);
            const isNext = this.type !== "steps" && row + 1 < times.length &&
                times[row + 1] - at < at - times[row];
            return isNext ? row + 1 : row;
        }

        show(at) {
            const [from, to] = this.group.window;
            this.cursor.hidden = at < from || at > to;
            this.cursor.style.left = `${this.x(at) / WIDTH * 100}%`;
            const when = `at ${time(at)}`;
            let said = when;
            this.moment.textContent = when;
            if (this.type === "levels") {
                const level = this.level(at);
                this.box.querySelector("p.value").textContent = level;
                said += `: ${level}`;
            } else {
                const row = this.sampleAt(at);
                for (const key of this.keys) {
                    const value = this.data.series[key.series][row];
                    key.value.textContent = amount(value, this.data.unit);
                    if (this.isShown(key.series))
                        said += `, ${key.label} ${key.value.textContent}`;
                }
            }
            this.plot.setAttribute("aria-valuenow", String(at));
            this.plot.setAttribute("aria-valuetext", said);
        }

        // --- hands ----------------------------------------------------------

        timeOf(event) {
            const box = this.plot.getBoundingClientRect();
            const share = (event.clientX - box.left) / box.width;
            const [from, to] = this.group.window;
            return from + Math.min(Math.max(share, 0), 1) * (to - from);
        }

        listen() {
            const plot = this.plot;
            plot.tabIndex = 0;
            plot.setAttribute("role", "slider");
            plot.setAttribute("aria-label",
                `${this.title}, ${this.subject}: time`);
            plot.setAttribute("aria-valuemin", "0");
            plot.setAttribute("aria-valuemax", String(this.data.end));
            plot.setAttribute("aria-valuenow", String(this.data.end));
            plot.setAttribute("aria-valuetext", "at the end");
            plot.addEventListener("pointermove", (event) => this.move(event));
            plot.addEventListener("pointerdown", (event) => this.press(event));
            plot.addEventListener("pointerup", (event) => this.release(event));
            plot.addEventListener("pointercancel", () => this.drop());
            plot.addEventListener("dblclick", () => this.group.reset());
            plot.addEventListener("keydown", (event) => this.key(event));
        }

        press(event) {
            if (event.button !== 0)
                return;
            this.from = event.clientX;
            this.fromTime = this.timeOf(event);
            plotCapture(this.plot, event.pointerId);
        }

        move(event) {
            const at = this.timeOf(event);
            this.group.point(at);
            if (this.from === undefined || Math.abs(event.clientX - this.from) < 6)
                return;
            this.choice = this.choice || element("i", "choice", this.over);
            const low = Math.min(this.fromTime, at);
            const high = Math.max(this.fromTime, at);
            this.choice.style.left = `${this.x(low) / WIDTH * 100}%`;
            this.choice.style.width = `${(this.x(high) - this.x(low)) / WIDTH * 100}%`;
        }

        release(event) {
            const at = this.timeOf(event);
            const isDrag = this.choice !== undefined;
            const from = this.fromTime;
            this.drop();
            if (isDrag)
                this.group.zoom(Math.min(from, at), Math.max(from, at));
        }

        drop() {
            if (this.choice)
                this.choice.remove();
            this.choice = this.from = this.fromTime = undefined;
        }

        /** The sample `count` places away from the cursor. */
        neighbour(count) {
            const times = this.data.at.length > 0 ? this.data.at
                : this.group.times;
            const row = indexAt(times, this.group.at + 1e-12) + count;
            return times[Math.min(Math.max(row, 0), times.length - 1)];
        }

        key(event) {
            const group = this.group;
            const far = event.shiftKey ? 10 : 1;
            const actions = {
                ArrowLeft: () => group.point(this.neighbour(-far)),
                ArrowDown: () => group.point(this.neighbour(-far)),
                ArrowRight: () => group.point(this.neighbour(far)),
                ArrowUp: () => group.point(this.neighbour(far)),
                PageUp: () => group.point(this.neighbour(10)),
                PageDown: () => group.point(this.neighbour(-10)),
                Home: () => group.point(group.window[0]),
                End: () => group.point(group.window[1]),
                "+": () => group.scale(0.5),
                "=": () => group.scale(0.5),
                "-": () => group.scale(2),
                Escape: () => group.reset(),
                0: () => group.reset(),
            };
            if (!actions[event.key] || event.ctrlKey || event.metaKey ||
                event.altKey)
                return;
            event.preventDefault();
            actions[event.key]();
        }
    }

    /** A pointer that is gone already cannot be captured. */
    function plotCapture(plot, pointer) {
        if (plot.hasPointerCapture && !plot.hasPointerCapture(pointer))
            plot.setPointerCapture(pointer);
    }

    // --- all charts of a scenario -------------------------------------------

    class Group {
        constructor(box) {
            this.hidden = new Set();
            this.window = [0, 1];
            this.charts = [];
            for (const chart of box.querySelectorAll(".chart"))
                this.charts.push(new Chart(chart, this));
            this.end = this.charts[0].data.end;
            this.window = [0, this.end];
            this.at = this.end;
            this.times = this.charts.map((chart) => chart.data.at)
                .find((times) => times.length > 0) || [0, this.end];
            this.makeTools(box);
        }

        makeTools(box) {
            const tools = document.createElement("div");
            tools.className = "tools";
            tools.setAttribute("role", "group");
            tools.setAttribute("aria-label", "Zoom");
            const heading = box.closest(".group").querySelector("h2");
            if (!heading.classList.contains("only"))
                element("b", "", tools).textContent = heading.textContent;
            const button = (text, action) => {
                const made = element("button", "", tools);
                made.type = "button";
                made.textContent = text;
                made.addEventListener("click", action);
                return made;
            };
            button("Zoom in", () => this.scale(0.5));
            this.out = button("Zoom out", () => this.scale(2));
            this.all = button("Show all", () => this.reset());
            this.status = element("span", "shown", tools);
            this.status.setAttribute("role", "status");
            element("span", "hint", tools).textContent =
                "Drag to zoom, double click to reset; keys: ← → + − 0";
            box.prepend(tools);
            this.tell();
        }

        tell() {
            const [from, to] = this.window;
            const isWhole = from <= 0 && to >= this.end;
            this.out.disabled = this.all.disabled = isWhole;
            this.status.textContent = isWhole ? `all ${time(this.end)}`
                : `${time(from)} to ${time(to)}`;
        }

        isHidden(family, series) {
            return this.hidden.has(`${family} ${series}`);
        }

        isChanged() {
            return this.hidden.size > 0 || this.window[0] > 0 ||
                this.window[1] < this.end;
        }

        toggle(family, series) {
            const name = `${family} ${series}`;
            if (!this.hidden.delete(name))
                this.hidden.add(name);
            const charts = this.charts.filter((c) => c.family === family);
            this.rescale(charts);
            for (const chart of charts)
                chart.draw();
        }

        // Charts that are compared keep one scale.
        rescale(charts) {
            const isWhole = charts.every((chart) => chart.data.series.every(
                (_, n) => chart.isShown(n)));
            const peak = Math.max(...charts.map((chart) => chart.peak()));
            for (const chart of charts)
                if (!chart.data.log && chart.type !== "levels")
                    chart.max = isWhole || peak <= 0 ? chart.data.max
                        : Math.min(chart.data.max, 1.05 * peak);
        }

        point(at) {
            this.at = at;
            for (const chart of this.charts)
                chart.show(at);
        }

        zoom(from, to) {
            const least = this.end * 1e-4;
            if (to - from < least)
                return;
            this.window = [Math.max(0, from), Math.min(this.end, to)];
            this.tell();
            for (const chart of this.charts)
                chart.draw();
            this.point(Math.min(Math.max(this.at, this.window[0]),
                this.window[1]));
        }

        /** Shorten or lengthen what is seen; the cursor stays where it is. */
        scale(factor) {
            const [from, to] = this.window;
            const length = Math.min((to - from) * factor, this.end);
            const share = to > from ? (this.at - from) / (to - from) : 0.5;
            const start = Math.min(Math.max(0, this.at - share * length),
                this.end - length);
            this.zoom(start, start + length);
        }

        reset() {
            this.zoom(0, this.end);
        }
    }

    for (const box of document.querySelectorAll(".charts"))
        if (box.querySelector(".chart"))
            new Group(box);

    // Paper has no folds.
    addEventListener("beforeprint", () => {
        for (const details of document.querySelectorAll("details"))
            details.open = true;
    });
})();
