# Stacked areas over time: queues, attribution, process.
#
# The highest boundary is drawn first and each area covers it from zero up, so
# that no seam shows between neighbours and the key has the stack's order.

set grid front linecolor rgb '#C8303030'

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
        plot for [layer = LAYERS:1:-1] DATA index panel - 1 \
            using (time($1)):(sum [c = 2:layer + 1] column(c)) \
            with filledcurves y1=0 linecolor rgb COLOUR[layer] \
            fillstyle solid 1 border linecolor rgb '#FFFFFF' linewidth 0.4 \
            title NAME[layer]
    } else {
        plot -1 notitle
    }
    unset label HEADING_LABEL
}
unset multiplot
