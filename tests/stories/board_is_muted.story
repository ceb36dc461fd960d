# Somebody mutes the only board for the night: what it would have rung for rings the phone
start 23:30
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 temperature every 10s: 45 x 12, 84 x 60
at 0s     board sounds
at 30s    board is muted
at 4m     Bolat replies "1"
expect at 2m30s          case opened, heat, alarm
expect by 2m37s          notice voice to Bolat, no_board_sounding
expect at 4m             case taken, Bolat
expect none              notice voice to Chen
