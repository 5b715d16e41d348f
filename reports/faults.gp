# Faults and reclaim as rates over time, one line for each layer.
#
# Rates that differ a lot share a scale that is logarithmic above 1 per second
# and still has a zero.
#
# Columns: the rates, their lowest and their highest values. In a long run a
# row stands for many samples: the line is their mean, the shade their range.

array DASH[6] = [1, 1, 2, 4, 3, 5]
array WEIGHT[6] = [2.6, 1.6, 1.8, 1.8, 2.0, 1.6]

if (IS_LOG) {
    set nonlinear y via log10(1 + y) inverse 10**y - 1
    set ytics ('0' 0, '1' 1, '10' 10, '100' 100, '1 k' 1e3, '10 k' 1e4, \
        '100 k' 1e5, '1 M' 1e6, '10 M' 1e7, '100 M' 1e8, '1 G' 1e9)
} else {
    set format y (Y_MAX < 10 ? '%g' : '%.0f')
}

set multiplot
do for [panel = 1:PANELS] {
    eval PANEL_TEXT
    eval PANEL_MARGINS
    eval TIME_AXIS
    if (ROWS[panel] > 0) {
        plot for [layer = 1:(HAS_RANGES ? LAYERS : 0)] DATA index panel - 1 \
            using (axis($1)):(column(LAYERS + layer + 1)): \
            (column(2 * LAYERS + layer + 1)) with filledcurves \
            linecolor rgb COLOUR[layer] \
            fillstyle transparent solid 0.2 noborder, \
            for [layer = 1:LAYERS] DATA index panel - 1 \
            using (axis($1)):(column(layer + 1)) with steps \
            linewidth WEIGHT[layer] linecolor rgb COLOUR[layer] \
            dashtype DASH[layer]
    } else {
        plot -1
    }
    unset label 1
}
eval KEY_ONLY
plot for [layer = 1:LAYERS] NaN with lines linewidth WEIGHT[layer] \
    linecolor rgb COLOUR[layer] dashtype DASH[layer] title NAME[layer], \
    for [shade = 1:HAS_RANGES] NaN with boxes linecolor rgb INK \
    fillstyle transparent solid 0.2 noborder title 'range of the samples'
unset multiplot
