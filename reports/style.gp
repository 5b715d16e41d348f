# What all figures share. A script is: a preamble of values (written by
# `lowtide plot`), this file, time.gp or grid.gp, and the file of the figure's
# kind.
#
# Every preamble gives
#   WIDTH HEIGHT     of the canvas; here lengths are in its pixels
#   HEADING          of the figure
#   DATA             the data file, in blocks
#
# Names that users gave arrive in single-quoted strings, where gnuplot expands
# nothing, and `noenhanced` keeps their underscores.

INK   = '#303030'
FAINT = '#6E6E6E'
EDGE  = '#8A8A8A'

x_of(pixels) = pixels / (1.0 * WIDTH)
y_of(pixels) = 1 - pixels / (1.0 * HEIGHT)

set border 3 linecolor rgb EDGE linewidth 0.8
set tics nomirror out scale 0.6 textcolor rgb INK
set grid xtics ytics back linetype 1 linewidth 0.6 linecolor rgb '#E2E2E2'
set key off

set label 1 HEADING at screen x_of(96), screen y_of(26) left \
    font 'DejaVu Sans,14' textcolor rgb INK
