# The leader takes a case before the duty officer: the ladder stops, and starts anew while it stays hot
start 03:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 current every 10s: 34 x 120
203房 temperature every 10s: 82 x 120
at 45s   Chen takes
expect at 30s          case opened, heat, alarm
expect at 45s          case taken, Chen
expect none before 16m notice voice to Bolat
expect at 15m45s       case rang_again
expect none            notice sms to Sayan
