# Time series: panels below each other, one for each run, with one time axis,
# one scale, and the key at the right.
#
# The preamble gives
#   PANELS           how many runs; arrays TITLE NOTE ROWS MESSAGE by panel;
#                    block PANEL - 1 of the data has a row for each moment,
#                    time in seconds and then a column for each layer
#   LAYERS           how many columns; arrays NAME COLOUR by layer
#   Y_LABEL Y_MAX
#   TIME_END TIME_UNIT TIME_SCALE   seconds x TIME_SCALE are TIME_UNITs

LEFT = 96; RIGHT = 240; TOP = 78; BOTTOM = 58; GAP = 44

PANEL_HEIGHT = (HEIGHT - TOP - BOTTOM - (PANELS - 1) * GAP) / (1.0 * PANELS)
panel_top(panel) = TOP + (panel - 1) * (PANEL_HEIGHT + GAP)

set xrange [0:TIME_END]
set yrange [0:Y_MAX]
set lmargin at screen x_of(LEFT)
set rmargin at screen x_of(WIDTH - RIGHT)

axis(seconds) = seconds * TIME_SCALE

# For `eval` in a loop over `panel`.

# Title, and a message where a run has nothing to show.
PANEL_TEXT = "\
set label 2 TITLE[panel] at screen x_of(LEFT), \
    screen y_of(panel_top(panel) - 13) left textcolor rgb INK; \
set label 3 NOTE[panel] at screen x_of(WIDTH - RIGHT), \
    screen y_of(panel_top(panel) - 13) right textcolor rgb FAINT; \
set label 4 MESSAGE[panel] at graph 0.5, graph 0.5 center \
    textcolor rgb FAINT; \
y_label = Y_LABEL; eval Y_TEXT"

# A label, since `ylabel` moves with the width of the numbers.
Y_TEXT = "\
set label 5 y_label at screen x_of(18), graph 0.5 center rotate by 90 \
    textcolor rgb INK"

PANEL_MARGINS = "\
set tmargin at screen y_of(panel_top(panel)); \
set bmargin at screen y_of(panel_top(panel) + PANEL_HEIGHT)"

# The panels share their time axis: the last one has the numbers.
TIME_AXIS = "\
set format x (panel == PANELS ? '%g' : ''); \
set xlabel (panel == PANELS ? 'simulated time (' . TIME_UNIT . ')' : '') \
    textcolor rgb INK"

# The key is a plot of its own, as high as the figure: beside a low panel
# gnuplot would leave entries out.
KEY_ONLY = "\
unset label; unset border; unset tics; unset grid; \
unset xlabel; \
set tmargin at screen y_of(TOP); set bmargin at screen y_of(HEIGHT - 8); \
set key on at screen x_of(WIDTH - RIGHT + 20), screen y_of(TOP - 8) left top \
    Left reverse vertical maxcols 1 samplen 2.2 spacing 1.2 noautotitle \
    noenhanced font 'DejaVu Sans,10' textcolor rgb INK"
