# Residency: pages over time. The shade is the share of a cell's time that its
# pages were resident or compressed, the colours of the key mixed with the
# white of absence; a cell in which a page was reclaimed or came back has that
# colour alone, so that no event gets lost.
#
# A block has a row for each cell: time, page, resident, compressed, mark.
# PAGES[panel] is the height; ROW_NAMES[panel] rows have names instead.

channel(colour, shift) = (colour >> shift) & 255
mixed(resident, compressed, shift) = \
    255 - resident * (255 - channel(COLOUR[1], shift)) \
        - compressed * (255 - channel(COLOUR[2], shift))
shade(resident, compressed, mark, shift) = \
    mark > 0 ? channel(COLOUR[int(mark) + 2], shift) : \
    mixed(resident, compressed, shift)

set grid front linecolor rgb '#E0A0A0A0'

set multiplot
do for [panel = 1:PANELS] {
    eval PANEL_TEXT
    eval PANEL_MARGINS
    eval TIME_AXIS
    set yrange [0:PAGES[panel]]
    set ytics autofreq
    if (ROW_NAMES[panel] > 0) {
        set ytics () font 'DejaVu Sans,9'
        do for [n = 1:ROW_NAMES[panel]] {
            set ytics add (ROW_NAME[FIRST_NAME[panel] + n - 1] (n - 0.5))
        }
        unset label 5
    }
    if (ROWS[panel] > 0) {
        plot DATA index panel - 1 using (axis($1)):2: \
            (shade($3, $4, $5, 16)):(shade($3, $4, $5, 8)): \
            (shade($3, $4, $5, 0)) with rgbimage
    } else {
        plot -1
    }
    unset label
}
eval KEY_ONLY
plot for [layer = 1:LAYERS] NaN with boxes linecolor rgb COLOUR[layer] \
    fillstyle solid 1 border lc rgb EDGE title NAME[layer]
unset multiplot
