# Stacked areas over time: queues, attribution, process.
#
# The highest boundary is drawn first and each area covers it from zero up, so
# that no seam shows between neighbours; thin light lines part them, also in
# grey, unless there are so many samples that they would make a surface. The
# key has the stack's order.

PARTED_ROWS = 700

set grid front linecolor rgb '#D0303030'

upto(layer) = (sum [c = 2:layer + 1] column(c))

set multiplot
do for [panel = 1:PANELS] {
    eval PANEL_TEXT
    eval PANEL_MARGINS
    eval TIME_AXIS
    if (ROWS[panel] > 0) {
        plot for [layer = LAYERS:1:-1] DATA index panel - 1 \
            using (axis($1)):(upto(layer)) with filledcurves y1=0 \
            linecolor rgb COLOUR[layer] fillstyle solid 1 noborder, \
            for [layer = 1:(ROWS[panel] > PARTED_ROWS ? 0 : LAYERS - 1)] \
            DATA index panel - 1 using (axis($1)):(upto(layer)) \
            with lines linewidth 0.6 linecolor rgb '#FFFFFF'
    } else {
        plot -1
    }
    unset label 1
}
if (LAYERS > 0) {
    eval KEY_ONLY
    plot for [layer = LAYERS:1:-1] NaN with boxes \
        linecolor rgb COLOUR[layer] \
        fillstyle solid 1 border lc rgb EDGE title NAME[layer]
}
unset multiplot
