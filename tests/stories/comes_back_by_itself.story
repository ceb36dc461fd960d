# A leak of three minutes dries by itself: the case stays, since nobody knows why
start 06:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 浴室 on 2号箱 5号开关, 25 A
浴室 current every 10s: 9 x 200
浴室 leakage every 10s: 30 x 30, 360 x 18, 32 x 152
at 6m    Bolat replies "1"
at 30m   Bolat closes
expect at 5m20s   case opened, leakage, alarm
expect by 9m30s   case returned
expect none       case closed
