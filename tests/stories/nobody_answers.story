# A night in which nobody answers: owner, second contact, duty, leader, and then the next station
start 02:10
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 current every 10s: 34 x 180
203房 temperature every 10s: 84 x 180
expect at 30s     case opened, heat, alarm
expect by 35s     notice sms to Ailin, "203房"
expect by 1m40s   notice voice to Bolat
expect by 4m      notice voice to Chen
expect by 11m     notice voice to Sayan, "请支援", "203房"
