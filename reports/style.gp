# What all figures share. A script is: a preamble of values (written by
# `lowtide plot`), this file, and the file of the figure's kind.
#
# The preamble gives
#   WIDTH HEIGHT     of the canvas; here lengths are in its pixels
#   DATA             the data file: block PANEL - 1 has a row for each moment,
#                    time in seconds and then a column for each layer
#   PANELS           how many runs; arrays TITLE NOTE ROWS MESSAGE by panel
#   LAYERS           how many columns; arrays NAME COLOUR by layer
#   HEADING Y_LABEL Y_MAX
#   TIME_END TIME_UNIT TIME_SCALE   seconds x TIME_SCALE are TIME_UNITs
#
# Names that users gave arrive in single-quoted strings, where gnuplot expands
# nothing, and `noenhanced` keeps their underscores.

INK   = '#303030'
FAINT = '#6E6E6E'

LEFT = 86; RIGHT = 236; TOP = 78; BOTTOM = 58; GAP = 44

x_of(pixels) = pixels / (1.0 * WIDTH)
y_of(pixels) = 1 - pixels / (1.0 * HEIGHT)

PANEL_HEIGHT = (HEIGHT - TOP - BOTTOM - (PANELS - 1) * GAP) / (1.0 * PANELS)
panel_top(panel) = TOP + (panel - 1) * (PANEL_HEIGHT + GAP)

set border 3 linecolor rgb '#8A8A8A' linewidth 0.8
set tics nomirror out scale 0.6 textcolor rgb INK
set grid xtics ytics back linetype 1 linewidth 0.6 linecolor rgb '#E2E2E2'
set xlabel textcolor rgb INK
set ylabel textcolor rgb INK
set key at screen x_of(WIDTH - RIGHT + 22), screen y_of(TOP - 8) left top \
    Left reverse vertical maxrows 40 samplen 2.2 spacing 1.15 width 0 \
    noenhanced textcolor rgb INK noautotitle
set xrange [0:TIME_END]
set yrange [0:Y_MAX]
set lmargin at screen x_of(LEFT)
set rmargin at screen x_of(WIDTH - RIGHT)

time(seconds) = seconds * TIME_SCALE

HEADING_LABEL = 1; TITLE_LABEL = 2; NOTE_LABEL = 3; MESSAGE_LABEL = 4
set label HEADING_LABEL HEADING at screen x_of(LEFT), screen y_of(26) left \
    font 'DejaVu Sans,14' textcolor rgb INK noenhanced
