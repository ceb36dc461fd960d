# Melt water gets into a cable at night: leakage steps up, the officer takes the case by reply
start 02:40
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 浴室 on 2号箱 5号开关, 25 A
浴室 current every 10s: 12 x 240
浴室 leakage every 10s: 35 x 12, 380 x 228
at 3m30s Bolat replies "1"
expect at 2m20s   case opened, leakage, alarm
expect by 2m25s   notice sms to Ailin, "浴室"
expect by 2m25s   notice sms to Bolat, "浴室"
expect at 3m30s   case taken, Bolat
expect none before 18m  notice voice to Chen
expect at 18m30s  case rang_again
expect by 21m35s  notice voice to Chen
