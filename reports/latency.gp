# Latencies: the share of values that took longer than that, on two logarithmic
# scales; at the right the quantiles that the shares are.

set logscale xy
set xlabel 'latency' textcolor rgb INK
set xtics ('1 ns' 1, '10 ns' 10, '100 ns' 100, '1 µs' 1e3, '10 µs' 1e4, \
    '100 µs' 1e5, '1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9, \
    '10 s' 1e10, '100 s' 1e11, '1000 s' 1e12)
set ytics nomirror ('100 %%' 1, '10 %%' 0.1, '1 %%' 0.01, '0.1 %%' 1e-3, \
    '0.01 %%' 1e-4, '10 ppm' 1e-5, '1 ppm' 1e-6, '0.1 ppm' 1e-7, \
    '10 ppb' 1e-8, '1 ppb' 1e-9) font 'DejaVu Sans,9'
set y2tics out scale 0.4 ('p50' 0.5, 'p90' 0.1, 'p99' 0.01, 'p99.9' 1e-3, \
    'p99.99' 1e-4, 'p99.999' 1e-5) textcolor rgb FAINT font 'DejaVu Sans,9'
set logscale y2
CELL_RIGHT = 64

set multiplot
do for [panel = 1:PANELS] {
    eval PANEL_FRAME
    set y2range [Y_MIN[panel]:Y_MAX[panel]]
    plot for [curve = FIRST_CURVE[panel]:LAST_CURVE[panel]] \
        DATA index curve - 1 using 1:2 with steps linewidth 1.8 \
        linecolor rgb shade(STYLE_OF[curve]) dashtype dash(STYLE_OF[curve])
    eval PANEL_DONE
}
eval KEY_ONLY
unset y2tics
plot for [style = 1:KEYS] NaN with lines linewidth 1.8 \
    linecolor rgb shade(style) dashtype dash(style) title KEY[style]
unset multiplot
