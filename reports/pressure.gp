# Memory pressure: free memory over bands of the level, and below, on the same
# time axis, the share of time that threads waited, up to STALL_MAX percent of
# it. Columns: free, stall_some,
# stall_full, level. Block PANELS + PANEL - 1 has the bands: from, to, level.

array LEVEL[4] = ['warning', 'critical', 'imminent oom', 'oom']
array LEVEL_COLOUR[4] = [0xFFF0C2, 0xFBCB86, 0xEE9A70, 0xC9605A]

STALL_SHARE = 0.34; INNER_GAP = 16

middle(panel) = panel_top(panel) + (1 - STALL_SHARE) * PANEL_HEIGHT

set multiplot
do for [panel = 1:PANELS] {
    eval PANEL_TEXT
    eval PANEL_MARGINS
    set bmargin at screen y_of(middle(panel) - INNER_GAP / 2.0)
    set xlabel ''
    set format x ''
    set yrange [0:Y_MAX]
    set ytics autofreq
    if (ROWS[panel] > 0) {
        plot for [level = 1:4] DATA index PANELS + panel - 1 \
            using (axis($1)):(0):(axis($1)):(axis($2)):(0): \
            ($3 == level ? Y_MAX : NaN) with boxxyerror \
            linecolor rgb LEVEL_COLOUR[level] fillstyle solid 1 noborder, \
            DATA index panel - 1 using (axis($1)):2 with lines \
            linewidth 1.8 linecolor rgb COLOUR[1]
    } else {
        plot -1
    }
    unset label

    set tmargin at screen y_of(middle(panel) + INNER_GAP / 2.0)
    set bmargin at screen y_of(panel_top(panel) + PANEL_HEIGHT)
    set yrange [0:STALL_MAX]
    set ytics STALL_MAX / 2.0
    y_label = 'stalled (%)'
    eval Y_TEXT
    eval TIME_AXIS
    if (ROWS[panel] > 0) {
        plot DATA index panel - 1 using (axis($1)):3 with steps \
            linewidth 1.6 linecolor rgb COLOUR[2] dashtype 1, \
            DATA index panel - 1 using (axis($1)):4 with steps \
            linewidth 1.6 linecolor rgb COLOUR[3] dashtype 2
    } else {
        plot -1
    }
}
eval KEY_ONLY
plot NaN with lines linewidth 1.8 linecolor rgb COLOUR[1] title NAME[1], \
    for [level = 4:1:-1] NaN with boxes linecolor rgb LEVEL_COLOUR[level] \
    fillstyle solid 1 border lc rgb EDGE title LEVEL[level], \
    NaN with lines linewidth 1.6 linecolor rgb COLOUR[2] dashtype 1 \
    title NAME[2], \
    NaN with lines linewidth 1.6 linecolor rgb COLOUR[3] dashtype 2 \
    title NAME[3]
unset multiplot
