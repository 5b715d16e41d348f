# Policies compared: bars of means, grouped by memory, with 95 % intervals. The
# baseline is dark, and a dashed line carries its mean through its group. A star
# says that the mean differs from the baseline's.
#
# Each panel has three curves: the baseline's bars, the others', and the line.
# Marks: 1 differs from the baseline, 2 a single run, which has no interval.

BASE_FILL = '#4A5F7A'; FILL = '#C9D5E3'; DARK = '#1F2A38'

set boxwidth 0.72
set style fill solid 1 border linecolor rgb DARK
set grid noxtics
set xtics out scale 0 rotate by 90 right font 'DejaVu Sans,9'
set ytics autofreq

bottom(panel) = cell_top(panel) + CELL_HEIGHT - CELL_PIXELS
is_lowest(panel) = panel + COLUMNS > PANELS

set multiplot
do for [panel = 1:PANELS] {
    eval PANEL_FRAME
    set xtics () # clears those of the panel before
    do for [n = 1:TICKS] {
        set xtics add ((is_lowest(panel) ? TICK[n] : '') TICK_X[n])
    }
    do for [n = 1:(is_lowest(panel) ? GROUPS : 0)] {
        set label 10 + n GROUP[n] at first GROUP_X[n], \
            screen y_of(bottom(panel) + AXIS_PIXELS - 12) center \
            textcolor rgb INK font 'DejaVu Sans,10'
    }
    block = 3 * (panel - 1)
    star_y(high) = high < 0.95 * Y_MAX[panel] ? high : 0.95 * Y_MAX[panel]
    plot DATA index block using 1:2 with boxes linewidth 0.7 \
        fillcolor rgb BASE_FILL, \
        DATA index block + 1 using 1:2 with boxes linewidth 0.7 \
        fillcolor rgb FILL, \
        DATA index block + 2 using 1:2 with lines linewidth 1.2 dashtype 2 \
        linecolor rgb BASE_FILL, \
        for [bars = block:block + 1] DATA index bars \
        using 1:($5 == 2 ? NaN : $3):(0):($4 - $3) with vectors \
        heads size screen CAP, 90 linewidth 1.1 linecolor rgb DARK, \
        DATA index block + 1 using ($5 == 1 ? $1 : NaN):(star_y($4)):('*') \
        with labels offset character 0, 0.35 textcolor rgb DARK
    eval PANEL_DONE
}
unset multiplot
