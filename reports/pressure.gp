# Memory pressure: free memory over bands of the level, and below, on the same
# time axis, the share of time that threads waited. Columns: free, stall_some,
# stall_full, level. Block PANELS + PANEL - 1 has the bands: from, to, level.

array LEVEL[4] = ['warning', 'critical', 'imminent oom', 'oom']
array LEVEL_COLOUR[4] = [0xFFF0C2, 0xFBCB86, 0xEE9A70, 0xC9605A]

STALL_SHARE = 0.34; INNER_GAP = 14

set multiplot
do for [panel = 1:PANELS] {
    top = panel_top(panel)
    middle = top + (1 - STALL_SHARE) * PANEL_HEIGHT - INNER_GAP / 2.0
    set tmargin at screen y_of(top)
    set bmargin at screen y_of(middle)
    set label TITLE_LABEL TITLE[panel] at screen x_of(LEFT), \
        screen y_of(top - 13) left textcolor rgb INK noenhanced
    set label NOTE_LABEL NOTE[panel] at screen x_of(WIDTH - RIGHT), \
        screen y_of(top - 13) right textcolor rgb FAINT noenhanced
    set label MESSAGE_LABEL MESSAGE[panel] at graph 0.5, graph 0.5 center \
        textcolor rgb FAINT noenhanced
    unset xlabel
    set format x ''
    set yrange [0:Y_MAX]
    set ytics autofreq
    set ylabel Y_LABEL offset screen 0, 0
    if (panel == 1) { set key on } else { set key off }
    if (ROWS[panel] > 0) {
        plot for [level = 1:4] DATA index PANELS + panel - 1 \
            using (time($1)):(0):(time($1)):(time($2)):(0): \
            ($3 == level ? Y_MAX : NaN) with boxxyerror \
            linecolor rgb LEVEL_COLOUR[level] \
            fillstyle solid 1 noborder notitle, \
            for [level = 4:1:-1] NaN with boxes \
            linecolor rgb LEVEL_COLOUR[level] \
            fillstyle solid 1 border linecolor rgb '#8A8A8A' \
            title LEVEL[level], \
            DATA index panel - 1 using (time($1)):2 with lines \
            linewidth 1.8 linecolor rgb COLOUR[1] dashtype 1 title NAME[1], \
            NaN with lines linewidth 1.6 linecolor rgb COLOUR[2] dashtype 1 \
            title NAME[2], \
            NaN with lines linewidth 1.6 linecolor rgb COLOUR[3] dashtype 2 \
            title NAME[3]
    } else {
        plot -1 notitle
    }
    unset label HEADING_LABEL
    unset label TITLE_LABEL
    unset label NOTE_LABEL
    unset label MESSAGE_LABEL

    set tmargin at screen y_of(middle + INNER_GAP)
    set bmargin at screen y_of(top + PANEL_HEIGHT)
    set yrange [0:100]
    set ytics 50
    set ylabel 'stalled (%)'
    set key off
    if (panel == PANELS) {
        set xlabel 'simulated time (' . TIME_UNIT . ')'
        set format x '%g'
    }
    if (ROWS[panel] > 0) {
        plot DATA index panel - 1 using (time($1)):3 with steps \
            linewidth 1.6 linecolor rgb COLOUR[2] dashtype 1, \
            DATA index panel - 1 using (time($1)):4 with steps \
            linewidth 1.6 linecolor rgb COLOUR[3] dashtype 2
    } else {
        plot -1 notitle
    }
}
unset multiplot
