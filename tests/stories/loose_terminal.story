# A loose terminal heats up by day: the owner is warned first, then alarmed, then somebody is called
start 10:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 current     every 10s: 34 x 200
203房 temperature every 10s: 45 +0.5 x 60, 75 +0.2 x 140
at 1s Ailin phone off
expect at 3m50s   case opened, heat, warning
expect by 3m55s   notice sms to Ailin, "203房"
expect at 8m50s   case raised, heat, alarm
expect by 8m55s   notice sms to Ailin, "报警", "203房"
expect by 9m55s   notice voice to Bolat
expect by 9m55s   notice sms to 叶尔兰
expect by 11m55s  notice voice to Chen
