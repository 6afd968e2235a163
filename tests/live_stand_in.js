// A stand-in for Python, behind the interface of live/runtime/runtime.js. It answers at once, by what stands in the source,
// and keeps what it was asked to run. A test can hold it while it starts: it waits for the promise in window.held that
// belongs to the bytes it has.
(() => {
    const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
    const pause = ms => new Promise(done => setTimeout(done, ms));
    window.ran = []; window.made = []; window.stops = 0;
    const real = scratchnetLive.Runtime;
    scratchnetLive.Runtime = class {
        static whyNot() { return real.whyNot(); }
        constructor(options) { window.made.push(options.digits); }
        async start({onProgress}) {
            if (this.started) return;
            this.started = true;
            for (const done of [0, 10e6, 35e6]) { onProgress(done, 35e6, "Python"); await pause(5); await window.held?.[done]; }
        }
        async run(source, {name, onOutput}) {
            window.ran.push(source);
            const html = text => onOutput({kind: "result", data: {"text/plain": "x", "text/html": text}});
            const fail = (name, message, line) => {
                onOutput({kind: "error", name, message, traceback: `Traceback: ${name}`, line});
                return {status: "error", seconds: 0.1};
            };
            await pause(5);
            if (source.includes("while True")) {
                onOutput({kind: "stream", name: "stdout", text: "round and round"});
                await new Promise(stop => { this.stopped = stop; });
                return {status: "stopped", seconds: 1};
            }
            if (source.includes("too_much")) return {status: "crashed", seconds: 1};
            if (source.includes("1 / 0")) return fail("ZeroDivisionError", "division by zero", source.split("\n").findIndex(l => l.includes("1 / 0")) + 1);
            if (source.includes("nowhere")) return fail("NameError", "name 'nowhere' is not defined", 1);
            if (source.includes("a_picture")) onOutput({kind: "display", data: {"image/png": png, "text/plain": "Figure"}});
            if (source.includes("a_script")) html("<b>bold</b><script>window.foreign = 1</scr" + "ipt><img src=x onerror='window.foreign = 2'>");
            const check = /check\(\s*"([\w.]+)"/.exec(source);
            const said = /= \.\.\./.test(source) ? "not answered yet. Put your answer in." : /right/.test(source) ? "correct. `X` it is." : "not yet. Think of `X`.";
            if (check) onOutput({kind: "result", data: {"text/plain": `${check[1]}: ${said}`, "text/html": "<p>x</p>"}});
            else onOutput({kind: "stream", name: "stdout", text: `ran ${name}\n`});
            return {status: "ok", seconds: 0.1};
        }
        async stop() { window.stops += 1; this.stopped?.(); }
        memory() { return 1; }
    };
})();
