# Faults and reclaim as rates over time, one line for each layer.
#
# Rates that differ a lot share a scale that is logarithmic above 1 per second
# and still has a zero.

array DASH[6] = [1, 1, 2, 4, 3, 5]
array WEIGHT[6] = [2.6, 1.6, 1.8, 1.8, 2.0, 1.6]

if (IS_LOG) {
    set nonlinear y via log10(1 + y) inverse 10**y - 1
    set ytics ('0' 0, '1' 1, '10' 10, '100' 100, '1 k' 1e3, '10 k' 1e4, \
        '100 k' 1e5, '1 M' 1e6, '10 M' 1e7, '100 M' 1e8, '1 G' 1e9)
} else {
    set format y '%.3s%c'
}

set multiplot
do for [panel = 1:PANELS] {
    top = panel_top(panel)
    set tmargin at screen y_of(top)
    set bmargin at screen y_of(top + PANEL_HEIGHT)
    set label TITLE_LABEL TITLE[panel] at screen x_of(LEFT), \
        screen y_of(top - 13) left textcolor rgb INK noenhanced
    set label NOTE_LABEL NOTE[panel] at screen x_of(WIDTH - RIGHT), \
        screen y_of(top - 13) right textcolor rgb FAINT noenhanced
    set label MESSAGE_LABEL MESSAGE[panel] at graph 0.5, graph 0.5 center \
        textcolor rgb FAINT noenhanced
    set ylabel Y_LABEL
    if (panel == PANELS) {
        set xlabel 'simulated time (' . TIME_UNIT . ')'
        set format x '%g'
    } else {
        unset xlabel
        set format x ''
    }
    if (panel == 1) { set key on } else { set key off }
    if (ROWS[panel] > 0) {
        plot for [layer = 1:LAYERS] DATA index panel - 1 \
            using (time($1)):(column(layer + 1)) with steps \
            linewidth WEIGHT[layer] linecolor rgb COLOUR[layer] \
            dashtype DASH[layer] title NAME[layer]
    } else {
        plot -1 notitle
    }
    unset label HEADING_LABEL
}
unset multiplot
