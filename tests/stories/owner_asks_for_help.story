# The owner answers 2, help is needed: the officer is told so at once, whatever the ladder says
start 23:40
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 current every 10s: 30 x 90
203房 temperature every 10s: 79 x 90
at 1m    Bolat replies "1"
at 2m    Ailin replies "2"
expect at 1m      case taken, Bolat
expect at 2m      case help_asked
expect by 2m5s    notice sms to Bolat, "求助", "203房"
