# The board that had been heard all evening dies unseen: the alarm goes straight to the officer's phone
start 02:10
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
cabin 白桦客栈, owner 古丽
  room 大堂 on 1号箱 1号开关, 40 A
203房 temperature every 10s: 84 x 40, 45 x 90
大堂 leakage every 10s from 15m: 380 x 40
at 0s     board sounds
at 9m     Bolat says made safe
at 10m    board dies
at 16m    board sounds
expect at 30s            case opened, heat, alarm
expect none before 1m20s notice voice to Bolat
expect by 1m32s          notice voice to Bolat, not_acknowledged
expect at 15m20s         case opened, leakage, alarm
expect by 15m27s         notice voice to Bolat, no_board_sounding
expect none after 16m    notice voice to Bolat
expect by 18m50s         notice voice to Chen
