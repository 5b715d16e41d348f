# Charts: panels in a grid, each with its own scales.
#
# The preamble gives
#   PANELS COLUMNS   by panel: arrays TITLE Y_LABEL X_MIN X_MAX Y_MIN Y_MAX,
#                    IS_X_LOG; its curves are FIRST_CURVE to LAST_CURVE
#   STYLE_OF         by curve; block CURVE - 1 of the data has its points:
#                    x y low high mark; HAS_MARKED: some have mark 1
#   KEYS TICKS GROUPS   arrays KEY, TICK TICK_X, GROUP GROUP_X: names of
#                    styles; labels of the x axis
#   KEY_PIXELS       room at the right
#   CELL_PIXELS AXIS_PIXELS   room for labels below each panel, below all
#   NOTE             what holds for all panels

TOP = 62; LEFT = 92; CELL_TOP = 34; CELL_RIGHT = 18

GRID_ROWS = (PANELS + COLUMNS - 1) / COLUMNS
CELL_WIDTH = (WIDTH - KEY_PIXELS) / (1.0 * COLUMNS)
CELL_HEIGHT = (HEIGHT - TOP - AXIS_PIXELS) / (1.0 * GRID_ROWS)

cell_left(panel) = ((panel - 1) % COLUMNS) * CELL_WIDTH
cell_top(panel) = TOP + ((panel - 1) / COLUMNS) * CELL_HEIGHT

set label 1 HEADING at screen x_of(LEFT), screen y_of(26) left \
    font 'DejaVu Sans,14' textcolor rgb INK
set label 2 NOTE at screen x_of(LEFT), screen y_of(50) left \
    font 'DejaVu Sans,10' textcolor rgb FAINT

# Curves have a colour, dashes and points each, so that a grey print can be read.
array SHADE[8] = [0x000000, 0x0072B2, 0xB03A00, 0x3E7F3E, 0x7B3294, 0x8A6D00, \
    0x56A0D8, 0x8A8A8A]
array SHAPE[6] = [7, 5, 9, 11, 13, 15] # the hollow ones come before them
array DASH[5] = [1, 2, 4, 3, 5]

shade(style) = SHADE[(style - 1) % 8 + 1]
shape(style) = SHAPE[(style - 1) % 6 + 1]
dash(style) = DASH[(style - 1) % 5 + 1]

# Intervals are vectors with flat heads, of this length to each side; error
# bars come with a blot where the mean is.
CAP = x_of(3.5)

# For `eval` in a loop over `panel`. A label stands for the y axis' own, which
# would move with the width of the numbers.
PANEL_FRAME = "\
set lmargin at screen x_of(cell_left(panel) + LEFT); \
set rmargin at screen x_of(cell_left(panel) + CELL_WIDTH - CELL_RIGHT); \
set tmargin at screen y_of(cell_top(panel) + CELL_TOP); \
set bmargin at screen y_of(cell_top(panel) + CELL_HEIGHT - CELL_PIXELS); \
set xrange [X_MIN[panel]:X_MAX[panel]]; \
set yrange [Y_MIN[panel]:Y_MAX[panel]]; \
set label 3 TITLE[panel] at screen x_of(cell_left(panel) + LEFT), \
    screen y_of(cell_top(panel) + CELL_TOP - 13) left textcolor rgb INK; \
set label 4 Y_LABEL[panel] at screen x_of(cell_left(panel) + 18), \
    graph 0.5 center rotate by 90 textcolor rgb INK"

# After the first panel.
PANEL_DONE = "unset label"

# The key is a plot of its own, as high as the figure.
KEY_ONLY = "\
unset label; unset border; unset tics; unset grid; unset xlabel; \
unset logscale; unset arrow; \
set xrange [0:1]; set yrange [0:1]; \
set tmargin at screen y_of(TOP); set bmargin at screen y_of(HEIGHT - 8); \
set key on at screen x_of(WIDTH - KEY_PIXELS + 4), \
    screen y_of(TOP + CELL_TOP - 8) left top \
    Left reverse vertical maxcols 1 samplen 3 spacing 1.2 noautotitle \
    noenhanced font 'DejaVu Sans,10' textcolor rgb INK"
