# A figure of a file without runs.

set xrange [0:1]
set yrange [0:1]
unset border
unset tics
unset grid
set label 2 'no data: the file holds no runs' at screen 0.5, screen 0.5 \
    center font 'DejaVu Sans,12' textcolor rgb FAINT
plot -1
