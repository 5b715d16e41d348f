# Miss-ratio curves: misses by accesses over memory, logarithmic where sizes
# are far apart. A policy has its own colour, dashes and points, so that a grey
# print can be read; the key has the curves' order. Points of runs over a
# sample of the pages (mark 1) are hollow.

set xlabel 'memory' textcolor rgb INK
set pointsize 0.8

set multiplot
do for [panel = 1:PANELS] {
    eval PANEL_FRAME
    unset logscale
    set xtics autofreq
    set format x '%g MiB'
    if (IS_X_LOG[panel]) {
        # Ticks are powers of two: in bytes they have units of their own.
        set format x '%.0b %BB'
        set logscale x 2
        set mxtics 1
    }
    unit = IS_X_LOG[panel] ? 2.0**20 : 1
    set xrange [X_MIN[panel] * unit:X_MAX[panel] * unit]
    plot for [curve = FIRST_CURVE[panel]:LAST_CURVE[panel]] \
        DATA index curve - 1 using ($1 * unit):2 with lines linewidth 1.5 \
        linecolor rgb shade(STYLE_OF[curve]) dashtype dash(STYLE_OF[curve]), \
        for [curve = FIRST_CURVE[panel]:LAST_CURVE[panel]] \
        DATA index curve - 1 using ($1 * unit):($4 > $2 ? $3 : NaN):(0):($4 - $3) \
        with vectors heads size screen CAP, 90 linewidth 1 \
        linecolor rgb shade(STYLE_OF[curve]), \
        for [curve = FIRST_CURVE[panel]:LAST_CURVE[panel]] \
        DATA index curve - 1 using ($1 * unit):($5 == 0 ? $2 : NaN) with points \
        linecolor rgb shade(STYLE_OF[curve]) pointtype shape(STYLE_OF[curve]), \
        for [curve = FIRST_CURVE[panel]:(HAS_MARKED ? LAST_CURVE[panel] : 0)] \
        DATA index curve - 1 using ($1 * unit):($5 == 1 ? $2 : NaN) with points \
        linecolor rgb shade(STYLE_OF[curve]) \
        pointtype shape(STYLE_OF[curve]) - 1
    eval PANEL_DONE
}
eval KEY_ONLY
plot for [style = 1:KEYS] NaN with linespoints linewidth 1.5 \
    linecolor rgb shade(style) dashtype dash(style) \
    pointtype shape(style) title KEY[style], \
    for [n = 1:HAS_MARKED] NaN with points linecolor rgb INK pointtype 6 \
    title 'hollow: of a sample'
unset multiplot
