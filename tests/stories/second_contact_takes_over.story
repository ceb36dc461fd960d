# The owner's phone is off in the mountains: the second contact is told, and answers
start 14:30
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 current every 10s: 30 x 90
203房 temperature every 10s: 79 x 90
at 1s    Ailin phone off
at 3m    叶尔兰 replies "1"
expect at 30s     case opened, heat, alarm
expect by 1m40s   notice sms to 叶尔兰, "203房"
expect at 3m      case owner_answered
